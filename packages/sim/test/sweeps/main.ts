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
import { EXIT_USAGE, runTool } from '#src/command-line/index.ts';
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
import { type Choice, type PartName, readChoice, TOOL } from './options.ts';

const PARTS: Readonly<Record<PartName, (salt: number) => SweepPart | Promise<SweepPart>>> = {
  graphs: (salt) => new GraphPart(ALL_GRAPHS, salt),
  crash: (salt) => new CrashPart(readScore(salt)),
  io: () => IoPart.create(),
  flips: () => FlipPart.create(),
  frames: () => new FramePart(),
  disk: () => new DiskPart(),
};

const MAX_FAILURES = 20;
const EXIT_INTERRUPTED = 130;

process.exitCode = await runTool(TOOL, readChoice, (choice) =>
  choice.wanted === undefined ? playAll(choice) : playOne(choice, choice.wanted),
);

async function playAll(choice: Choice): Promise<number> {
  let failed = 0;
  for (const name of choice.names) {
    failed += await playPart(name, choice);
  }
  print(failed === 0 ? 'sweep: no case failed' : `sweep: ${failed} cases FAILED`);
  return failed === 0 ? 0 : 1;
}

async function playPart(name: PartName, choice: Choice): Promise<number> {
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
async function partOf(name: PartName, salt: number): Promise<SweepPart | undefined> {
  try {
    return await PARTS[name](salt);
  } catch (error) {
    print(`${name}: it fails undisturbed: ${complaintOf(error)}`);
    return undefined;
  }
}

async function playOne({ names, salt, trace }: Choice, wanted: string): Promise<number> {
  for (const name of names) {
    const part = await partOf(name, salt);
    const found = part?.find(wanted);
    if (found === undefined) continue;
    closeAtTheEnd(part);
    const complaint = await found.play(trace === undefined ? undefined : { ...trace, write: print });
    part?.close?.();
    print(complaint ?? `${wanted}: everything as it must be`);
    return complaint === undefined ? 0 : 1;
  }
  tell(`sweep: there is no case ${wanted} in ${names.join(', ')}`);
  return EXIT_USAGE;
}
