/**
 * A range of seeds, one after another, and what they add up to: failures with the line that replays them, coverage of
 * the whole range, and how fast the simulator is.
 */
import { COVERED, CoverageCounts, type CoverageKind, requiredOf } from './coverage.ts';
import { simulate, type Verdict } from './simulate.ts';
import type { TraceOptions } from './trace.ts';

export type SeedRange = {
  readonly first: number;
  readonly last: number;
  /** Runs each seed twice and compares the hashes of the two traces. */
  readonly twice: boolean;
  /** Goes on after a failure. */
  readonly keepGoing: boolean;
  /** Long runs of large clusters. */
  readonly long: boolean;
  readonly write: (line: string) => void;
  readonly trace?: TraceOptions;
};

/** Long runs go through everything in fewer. */
const COVERING_LONG_SEEDS = 20;
const HOUR_MS = 3_600_000;

/** True when every seed passed, was reproducible, and together they covered what is required. */
export function runSeeds(range: SeedRange): boolean {
  const { first, last, long, write } = range;
  const coverage = new CoverageCounts();
  const startedAt = performance.now();
  let events = 0;
  let simulatedMs = 0;
  let failures = 0;
  let slowestLeader = { seed: 0, timeouts: 0 };
  for (let seed = first; seed <= last; seed++) {
    const verdict = simulate({ seed, long, ...(range.trace === undefined ? {} : { trace: range.trace }) });
    events += verdict.events;
    simulatedMs += verdict.simulatedMs;
    coverage.add(verdict.coverage);
    if (verdict.ok && verdict.heal.leaderAfterTimeouts > slowestLeader.timeouts)
      slowestLeader = { seed, timeouts: verdict.heal.leaderAfterTimeouts };
    const complaint = verdict.ok ? undefined : describeFailure(verdict, long);
    const differs =
      range.twice && simulate({ seed, long }).traceHash !== verdict.traceHash
        ? `seed ${seed}: two runs, two traces`
        : undefined;
    for (const line of [complaint, differs]) if (line !== undefined) write(line);
    if (complaint === undefined && differs === undefined) continue;
    failures += 1;
    if (!range.keepGoing) break;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const seeds = last - first + 1;
  const missing = failures === 0 ? coverage.missing(requiredOfRange(seeds, long)) : [];
  write(`coverage: ${coverage.describe()}`);
  if (slowestLeader.timeouts > 0)
    write(
      `slowest election after healing: ${slowestLeader.timeouts.toFixed(1)} time-outs (seed ${slowestLeader.seed})`,
    );
  write(
    `seeds ${first}..${last}: ${events} events in ${seconds.toFixed(1)} s, ${Math.round(events / seconds)} events/s, ${(simulatedMs / HOUR_MS).toFixed(1)} simulated hours`,
  );
  if (missing.length > 0) write(`NOT COVERED: ${missing.join(', ')}`);
  write(failures === 0 && missing.length === 0 ? 'all properties hold' : `${failures} seeds failed`);
  return failures === 0 && missing.length === 0;
}

function requiredOfRange(seeds: number, long: boolean): readonly CoverageKind[] {
  if (!long) return requiredOf(seeds);
  return seeds >= COVERING_LONG_SEEDS ? COVERED : [];
}

function describeFailure(verdict: Extract<Verdict, { ok: false }>, long: boolean): string {
  const shrink = long ? [] : [`  shrink: npm run sim:shrink -- --seed ${verdict.seed}`];
  return [
    `seed ${verdict.seed} FAILED at event ${verdict.events}: ${verdict.sentence}`,
    `  replay: ${verdict.replay}`,
    ...shrink,
    `  profile: ${JSON.stringify(verdict.profile)}`,
  ].join('\n');
}
