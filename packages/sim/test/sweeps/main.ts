/**
 * `npm run sweep`: every part at its full size, or those that are named.
 *
 *   npm run sweep -- --graphs                        one part
 *   npm run sweep -- --graphs --from 4000            from case 4000 on, as the progress line says
 *   npm run sweep -- --graphs --share 1/2            every second case: two processes share the work
 *   npm run sweep -- --graphs --sample 200 --seed 7  so many cases, drawn
 *   npm run sweep -- --graphs --salt 5               the same cases with other latencies and timers
 *   npm run sweep -- --graphs --case NAME --trace    one case again, step by step (--first and --last: event numbers)
 *
 * Progress goes to standard error, the table to standard output. Status 1 when a case failed, 2 for wrong use.
 */
import { parseArgs } from 'node:util';
import { print, tell } from '#src/output.ts';
import { CrashPart } from '#src/sweeps/crash/crash-part.ts';
import { readScore } from '#src/sweeps/golden/score.ts';
import { ALL_GRAPHS, GraphPart } from '#src/sweeps/graphs/graph-part.ts';
import { replayLine, runPart, sample, stride } from '#src/sweeps/run-part.ts';
import { complaintOf } from '#src/sweeps/stage.ts';
import type { SweepPart } from '#src/sweeps/sweep-part.ts';
import { DiskPart } from '../disk/disk-part.ts';
import { FlipPart } from './flips/flip-part.ts';
import { FramePart } from './flips/frame-part.ts';
import { IoPart } from './io-part.ts';

const PARTS: Readonly<Record<string, (salt: number) => SweepPart | Promise<SweepPart>>> = {
  graphs: (salt) => new GraphPart(ALL_GRAPHS, salt),
  crash: (salt) => new CrashPart(readScore(salt)),
  io: () => IoPart.create(),
  flips: () => FlipPart.create(),
  frames: () => new FramePart(),
  disk: () => new DiskPart(),
};

const MAX_FAILURES = 20;
const EXIT_INTERRUPTED = 130;

type Choice = {
  readonly from: number;
  readonly share: number;
  readonly shares: number;
  readonly sample: number | undefined;
  readonly seed: number;
  readonly salt: number;
};

async function main(): Promise<number> {
  const parsed = readArguments();
  if (parsed === undefined) return 2;
  const { names, values, choice } = parsed;
  if (values.case !== undefined) return playOne(names, values.case, choice, values);
  let failed = 0;
  for (const name of names) {
    failed += await playPart(name, choice);
  }
  print(failed === 0 ? 'sweep: no case failed' : `sweep: ${failed} cases FAILED`);
  return failed === 0 ? 0 : 1;
}

async function playPart(name: string, choice: Choice): Promise<number> {
  const part = await partOf(name, choice.salt);
  if (part === undefined) return 1;
  const indices =
    choice.sample === undefined
      ? [...stride(choice.from, part.size, choice.share, choice.shares)]
      : sample(part.size, choice.sample, choice.seed);
  tell(
    `${part.name}: ${indices.length} of ${part.size} cases${choice.sample === undefined ? '' : `, seed ${choice.seed}`}`,
  );
  closeAtTheEnd(part);
  const report = await runPart(part, {
    indices,
    count: indices.length,
    maxFailures: MAX_FAILURES,
    resumable: choice.sample === undefined,
    progress: tell,
  });
  print(`\n${part.title}`);
  const rows = [
    ['cases', `${report.played} in ${report.seconds.toFixed(0)} s`],
    ...part.figures(),
    ['failed', `${report.failures.length}`],
  ] as const;
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, figure] of rows) print(`  ${what.padEnd(width)}  ${figure}`);
  for (const { name, complaint } of report.failures)
    print(`  FAILED ${name}: ${complaint}\n    replay: ${replayLine(part, name, choice.salt)}`);
  part.close?.();
  return report.failures.length;
}

/** Also when it ends early: interrupted, or with nobody to read what it prints. */
function closeAtTheEnd(part: SweepPart | undefined): void {
  process.once('exit', () => part?.close?.());
  process.once('SIGINT', () => process.exit(EXIT_INTERRUPTED));
}

/** Undefined after saying what broke before the first case: the run that all cases start from. */
async function partOf(name: string, salt: number): Promise<SweepPart | undefined> {
  try {
    return await PARTS[name]?.(salt);
  } catch (error) {
    print(`${name}: it fails undisturbed: ${complaintOf(error)}`);
    return undefined;
  }
}

async function playOne(
  names: readonly string[],
  wanted: string,
  choice: Choice,
  values: { readonly trace: boolean; readonly first: string; readonly last: string },
): Promise<number> {
  for (const name of names) {
    const part = await partOf(name, choice.salt);
    const found = part?.find(wanted);
    if (found === undefined) continue;
    const trace = values.trace
      ? { fromEvent: Number(values.first), untilEvent: Number(values.last), write: print }
      : undefined;
    closeAtTheEnd(part);
    const complaint = await found.play(trace);
    part?.close?.();
    print(complaint ?? `${wanted}: everything as it must be`);
    return complaint === undefined ? 0 : 1;
  }
  tell(`there is no case ${wanted} in ${names.join(', ')}`);
  return 2;
}

const OPTIONS = {
  ...Object.fromEntries(
    Object.keys(PARTS).map((name) => [name, { type: 'boolean' as const, default: false }]),
  ),
  from: { type: 'string', default: '0' },
  share: { type: 'string', default: '1/1' },
  sample: { type: 'string' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  salt: { type: 'string', default: '0' },
  case: { type: 'string' },
  trace: { type: 'boolean', default: false },
  first: { type: 'string', default: '0' },
  last: { type: 'string', default: 'Infinity' },
} as const;

/** Undefined after saying how it is used. */
function readArguments() {
  const values = valuesOf(process.argv.slice(2));
  if (values === undefined) return undefined;
  const chosen = Object.keys(PARTS).filter(
    (name) => (values as Readonly<Record<string, unknown>>)[name] === true,
  );
  const share = /^(\d+)\/(\d+)$/.exec(values.share);
  const choice = {
    from: Number(values.from),
    share: Number(share?.[1]) - 1,
    shares: Number(share?.[2]),
    sample: values.sample === undefined ? undefined : Number(values.sample),
    seed: Number(values.seed),
    salt: Number(values.salt),
  };
  const isSound =
    [choice.from, choice.seed, choice.salt, choice.sample ?? 0].every(
      (number) => Number.isSafeInteger(number) && number >= 0,
    ) &&
    choice.share >= 0 &&
    choice.share < choice.shares;
  if (!isSound) return explain();
  return { names: chosen.length === 0 ? Object.keys(PARTS) : chosen, values, choice };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return explain(error.message);
    throw error;
  }
}

function explain(mistake?: string): undefined {
  if (mistake !== undefined) tell(mistake);
  const parts = Object.keys(PARTS).map((name) => `--${name}`);
  tell(
    `usage: npm run sweep -- [${parts.join(' | ')}] [--from N] [--share I/N] [--sample N [--seed N]] [--salt N]`,
  );
  tell('       npm run sweep -- PART --case NAME [--salt N] [--trace [--first N] [--last N]]');
  return undefined;
}

process.exitCode = await main();
