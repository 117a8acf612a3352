// `npm test`: prepares the clone, runs every test of every workspace on the compiled output, and ends with one line
// `N passed, N failed` summed over all runs. The status is non-zero when a test failed, when a run did not end
// properly, and when no test ran at all.
//
// Usage: node scripts/test.mjs [--fast] [--jobs=N] [--totals=FILE] [workspace...]
//   --fast         leave out test/e2e, which starts processes and real stores
//   --jobs=N       workspaces at a time; two, or one where there is one processor
//   --totals=FILE  write the final line to FILE instead of standard output
//   workspace      the folder's name, for example `core`; `scripts` means the tests of these scripts
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';

import { filesBelow } from './lib/files.mjs';
import { prepare } from './lib/prepare.mjs';
import { interruptSuites, runSuite } from './lib/run-suite.mjs';
import { provideStores } from './lib/stores.mjs';
import { ROOT, workspaces } from './lib/workspaces.mjs';

/** Tests of one workspace must not mind those of another beside them; more of them would mind the time. */
const MOST_AT_A_TIME = 2;
/** The longest runs begin first, so that none is left alone at the end; the others follow in declared order. */
const LONGEST_FIRST = ['cli', 'sim', 'backend-postgres', 'chaos', 'core'];
const EXIT_INTERRUPTED = 130;

const { values: options, positionals: wanted } = parseArgs({
  options: {
    fast: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(Math.min(MOST_AT_A_TIME, availableParallelism())) },
    totals: { type: 'string' },
  },
  allowPositionals: true,
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    process.stdout.write(interruptSuites());
    process.exit(EXIT_INTERRUPTED);
  });
// Nobody reads any more.
process.stdout.once('error', () => {
  interruptSuites();
  process.exit(EXIT_INTERRUPTED);
});
process.exitCode = await main();

async function main() {
  const jobs = Number(options.jobs);
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    return refuse(`--jobs takes a whole number, not ${options.jobs}`);
  const suites = selectSuites();
  if (suites === undefined) return 2;
  // Neither needs the other, and both may take a minute.
  const stores = options.fast ? undefined : provideStores(suites.map(({ short }) => short));
  const isPrepared = await prepare(projectsOf(suites));
  await stores;
  if (!isPrepared) return finish(undefined);
  return finish(await runAll(suites, jobs));
}

/** What to run, or undefined after naming a workspace that does not exist. */
function selectSuites() {
  const all = [
    ...workspaces().map(({ short, dir }) => ({ short, dir })),
    { short: 'scripts', dir: join(ROOT, 'scripts') },
  ];
  const unknown = wanted.filter((name) => !all.some(({ short }) => short === name));
  if (unknown.length > 0) {
    refuse(
      `no workspace called ${unknown.join(', ')}; there are ${all.map(({ short }) => short).join(', ')}`,
    );
    return undefined;
  }
  return wanted.length === 0 ? all : all.filter(({ short }) => wanted.includes(short));
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  return 2;
}

/** With workspaces named, only they and what they need are built: a fault elsewhere does not stop their tests. */
function projectsOf(suites) {
  if (wanted.length === 0) return undefined;
  return suites.map(({ dir }) => join(dir, 'test')).filter((dir) => existsSync(join(dir, 'tsconfig.json')));
}

/** So many workspaces at a time; prints each as one block when it ends. Outcomes are in the order of `suites`. */
async function runAll(suites, jobs) {
  const waiting = LONGEST_FIRST.map((name) => suites.find(({ short }) => short === name)).filter(Boolean);
  waiting.push(...suites.filter((suite) => !waiting.includes(suite)));
  const outcomes = new Map();
  const work = async () => {
    for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) {
      const outcome = await runTests(suite);
      process.stdout.write(outcome.output);
      outcomes.set(suite, outcome);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return suites.map((suite) => outcomes.get(suite));
}

async function runTests({ short, dir }) {
  const files = testFiles(dir);
  const missing = files.filter((file) => !existsSync(file));
  if (files.length > 0 && missing.length === 0) {
    process.stderr.write(`quorate: testing ${short}\n`);
    return runSuite({ short, dir, files });
  }
  const isMissing = missing.length > 0;
  return {
    short,
    passed: 0,
    failed: missing.length,
    seconds: 0,
    output: isMissing
      ? `\n${short}: not compiled, is the folder in tsconfig.json? ${missing.join(' ')}\n`
      : '',
    repeat: isMissing ? [`npm test -- ${short}`] : [],
  };
}

/**
 * Compiled tests by way of their sources: the output folder may still hold tests that were deleted or renamed.
 * Tests of the scripts are plain modules and run where they are.
 */
function testFiles(dir) {
  const source = join(dir, 'test');
  const compiled = filesBelow(source, '.test.ts').map((file) =>
    join(dir, 'dist-test', relative(source, file).replace(/\.ts$/, '.js')),
  );
  const isFast = (file) => !relative(dir, file).split(sep).includes('e2e');
  return [...compiled, ...filesBelow(source, '.test.mjs')].filter((file) => !options.fast || isFast(file));
}

/** @param {import('./lib/run-suite.mjs').Outcome[] | undefined} outcomes undefined when the clone could not be prepared */
function finish(outcomes) {
  const sum = (count) => (outcomes ?? []).reduce((total, outcome) => total + count(outcome), 0);
  const passed = sum((outcome) => outcome.passed);
  const failed = outcomes === undefined ? 1 : sum((outcome) => outcome.failed);
  process.stdout.write(tableOf(outcomes ?? []));
  if (passed + failed === 0) process.stdout.write('no test ran\n');
  const line = `${passed} passed, ${failed} failed\n`;
  if (options.totals === undefined) process.stdout.write(line);
  else writeFileSync(options.totals, line);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** A row for each workspace that has tests, then how to run again what failed. */
function tableOf(outcomes) {
  const rows = outcomes
    .filter(({ passed, failed }) => passed + failed > 0)
    .map(({ short, passed, failed, seconds }) => [short, passed, failed, seconds.toFixed(1)]);
  const lines = [['workspace', 'passed', 'failed', 'seconds'], ...rows].map(
    ([name, ...numbers]) => name.padEnd(18) + numbers.map((number) => String(number).padStart(8)).join(''),
  );
  const repeat = outcomes.flatMap((outcome) => outcome.repeat);
  if (repeat.length > 0) lines.push('', 'to repeat what failed:', ...repeat.map((command) => `  ${command}`));
  return rows.length === 0 ? '' : `\n${lines.join('\n')}\n\n`;
}
