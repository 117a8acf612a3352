/**
 * A range of seeds of the engine depth, one after another, and what they add up to: failures with the line that replays
 * them, coverage of the whole range, and how fast the simulator is.
 */
import { CoverageCounts, type CoverageKind } from '../coverage.ts';
import type { SeedRange } from '../run-seeds.ts';
import { ENGINE_COVERED, EngineCoverage, type EngineCoverageKind } from './coverage.ts';
import { type EngineVerdict, simulateEngine } from './simulate-engine.ts';

/**
 * A range of at least this many seeds must go through everything that this depth can. Nothing is rare here: the kinds
 * that happen least do so in one seed of ten.
 */
const COVERING_SEEDS = 100;

/** What a range of seeds of this depth cannot miss of the first depth's table. */
export const ENGINE_REQUIRED: readonly CoverageKind[] = [
  'loss',
  'corrupt-refused',
  'link-down',
  'link-up',
  'partition',
  'one-way-cut',
  'crash',
  'crash-at-effect',
  'power-cut',
  'restart',
  'unsynced-lost',
  'pause',
  'clock-frozen',
  'pre-vote',
  'campaign',
  'election-won',
  'nack',
  'deposed-leader',
  'transfer',
  'promise-paged',
  'recovered-value',
  'proposed',
  'accept-resent',
  'chosen',
  'catch-up-served',
  'catch-up-learned',
  'read-local',
  'read-remote',
  'converged',
  'converged-core',
];

/** What so many seeds of this depth cannot miss, of both tables. */
export function requiredOfEngines(seeds: number): readonly (CoverageKind | EngineCoverageKind)[] {
  return seeds < COVERING_SEEDS ? [] : [...ENGINE_REQUIRED, ...ENGINE_COVERED];
}

/** True when every seed passed, was reproducible, and together they went through what is required. */
export async function runEngineSeeds(range: SeedRange): Promise<boolean> {
  const { first, last, write } = range;
  const coverage = new CoverageCounts();
  const engineCoverage = new EngineCoverage();
  const startedAt = performance.now();
  const sums = { events: 0, requests: 0, seeds: 0, failures: 0 };
  for (let seed = first; seed <= last; seed++) {
    const trace = range.trace === undefined ? {} : { trace: range.trace };
    const verdict = await simulateEngine({ seed, ...trace });
    sums.seeds += 1;
    sums.events += verdict.events;
    sums.requests += verdict.requests;
    coverage.add(verdict.coverage);
    engineCoverage.add(verdict.engineCoverage);
    const isSame = !range.twice || (await simulateEngine({ seed })).traceHash === verdict.traceHash;
    if (!verdict.ok) write(describeFailure(verdict));
    if (!isSame) write(`seed ${seed}: two runs, two traces`);
    if (verdict.ok && isSame) continue;
    sums.failures += 1;
    if (!range.keepGoing) break;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const isCovering = sums.seeds >= COVERING_SEEDS && sums.failures === 0;
  const missing = isCovering ? [...coverage.missing(ENGINE_REQUIRED), ...engineCoverage.missing()] : [];
  write(`coverage: ${coverage.describe(ENGINE_REQUIRED)} ${engineCoverage.describe()}`);
  write(
    `seeds ${first}..${last}: ${sums.events} events in ${seconds.toFixed(1)} s, ${Math.round(sums.events / seconds)} events/s, ${sums.requests} requests of clients (engine depth)`,
  );
  if (missing.length > 0) write(`NOT COVERED: ${missing.join(', ')}`);
  const isWell = sums.failures === 0 && missing.length === 0;
  write(isWell ? 'all properties hold' : `${sums.failures} seeds failed`);
  return isWell;
}

function describeFailure(verdict: Extract<EngineVerdict, { ok: false }>): string {
  return [
    `seed ${verdict.seed} FAILED at event ${verdict.events}: ${verdict.sentence}`,
    `  replay: ${verdict.replay}`,
    `  profile: ${JSON.stringify(verdict.profile)}`,
  ].join('\n');
}
