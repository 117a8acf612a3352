/**
 * Hunts with compiled mocha tests of the mutant's copy: the first failing test is the finder, its title the rule.
 *
 * A test that fails because the planted code stumbles over itself (a TypeError and the like) has found nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding, Hunt } from '../mutant.ts';
import { type ChildEnd, runNode } from './child.ts';

type MochaReport = {
  readonly stats: { readonly tests: number; readonly passes: number };
  readonly failures: readonly {
    readonly fullTitle: string;
    readonly err: { readonly message?: string; readonly stack?: string };
  }[];
};

/** From `packages/sim/dist/bugbank/hunters`: mocha and its settings are not part of the copy. */
const REPOSITORY = fileURLToPath(new URL('../../../../../', import.meta.url));

/** Of a test that sets none itself: a busy machine must not look like a find. */
const TEST_TIMEOUT_MS = 30_000;

const ACCIDENTS = ['TypeError', 'ReferenceError', 'SyntaxError'];

export async function huntWithTests(
  directory: string,
  hunt: Extract<Hunt, { tool: 'tests' }>,
  limitSeconds: number,
): Promise<Finding> {
  const output = join(directory, 'mocha.json');
  const mocha = join(REPOSITORY, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const args = [
    mocha,
    '--config',
    join(REPOSITORY, '.mocharc.mjs'),
    '--bail',
    '--exit',
    '--timeout',
    String(TEST_TIMEOUT_MS),
    '--reporter',
    'json',
    '--reporter-option',
    `output=${output}`,
  ];
  if (hunt.only !== undefined) args.push('--fgrep', hunt.only);
  for (const file of hunt.files) args.push(join(directory, 'packages', hunt.workspace, 'dist-test', file));
  const end = await runNode(join(directory, 'packages', hunt.workspace), args, limitSeconds);
  if (end.timedOut)
    return { kind: 'broken', why: `the tests did not come to an end within ${limitSeconds} s` };
  if (!existsSync(output))
    return {
      kind: 'broken',
      why: `the tests ended with status ${end.status}: ${end.stderr.trim().slice(0, 500)}`,
    };
  return judge(JSON.parse(readFileSync(output, 'utf8')) as MochaReport, end);
}

function judge(report: MochaReport, end: ChildEnd): Finding {
  const { seconds } = end;
  const work = report.stats.tests;
  const failure = report.failures[0];
  if (failure === undefined && work === 0) return { kind: 'broken', why: 'no test ran' };
  if (failure === undefined) return { kind: 'missed', work, effort: `${work} tests`, seconds };
  const { message = '', stack = '' } = failure.err;
  const accident = ACCIDENTS.find((name) => stack.startsWith(name));
  if (accident !== undefined)
    return {
      kind: 'broken',
      why: `"${failure.fullTitle}" stumbled: ${stack.split('\n').slice(0, 3).join(' ')}`,
    };
  return {
    kind: 'found',
    rule: failure.fullTitle,
    sentence: message.split('\n')[0] ?? '',
    work,
    effort: `test ${work}`,
    seconds,
  };
}
