/**
 * Judges the command line of a tool from outside, as a process of its own: for the tests of this package and of those that
 * run real processes. Throws an assertion that shows what the tool said.
 */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';

/** What is given, and how the sentence about it reads. */
export type WrongUse = readonly [args: readonly string[], sentence: RegExp];

export type JudgedTool = {
  /** As it calls itself, for instance `bench postgres`. */
  readonly name: string;
  /** Of its program. */
  readonly path: string;
  /** What choose one of several tools in a program. */
  readonly words?: readonly string[];
};

/** Bounds every run, in milliseconds: a tool that begins to work instead is ended, and found out. */
const RUN_LIMIT_MS = 15_000;

/** `--help` and `-h` explain every option that the tool says it has. */
export function judgeHelp(tool: JudgedTool): void {
  const { stderr } = run(tool, ['--bogus']);
  const options = /: there is no option --bogus; there are (.*)$/m.exec(stderr)?.[1]?.split(', ') ?? [];
  assert.ok(options.length > 1, stderr);
  for (const flag of ['--help', '-h']) {
    const help = run(tool, [flag]);
    assert.deepEqual([help.status, help.stderr], [0, '']);
    assert.ok(help.stdout.startsWith(usageOf(tool)), help.stdout);
    for (const option of options)
      assert.match(help.stdout, new RegExp(`^  (?:-\\w, )?${option}(?: \\S+)?  +\\S`, 'm'));
  }
}

/** One sentence, the usage, status 2, nothing done and no stack trace. */
export function judgeWrongUse(tool: JudgedTool, [args, sentence]: WrongUse): void {
  const { status, stdout, stderr } = run(tool, args);
  assert.deepEqual([status, stdout], [2, ''], stderr);
  const [first = '', second = ''] = stderr.split('\n');
  assert.ok(first.startsWith(`${tool.name}: `), stderr);
  assert.match(first, sentence);
  assert.ok(second.startsWith(usageOf(tool)), stderr);
  assert.doesNotMatch(stderr, /^\s+at /m);
}

function usageOf({ name, words = [] }: JudgedTool): string {
  return `usage: npm run ${[name.split(' ')[0], '--', ...words].join(' ')}`;
}

function run({ path, words = [] }: JudgedTool, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [path, ...words, ...args], { encoding: 'utf8', timeout: RUN_LIMIT_MS });
}
