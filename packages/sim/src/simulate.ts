/**
 * One seed from beginning to end: draws its profile, runs chaos and judges safety after every event, then heals and
 * judges liveness. Equal seeds give equal runs, to the last event; the hash of the trace says so.
 */
import { InvariantError } from '@quorate/core/protocol';
import { allCheckers } from './checkers/index.ts';
import { CoverageCounts } from './coverage.ts';
import { CoverageObserver } from './coverage-observer.ts';
import { type HealReport, heal } from './heal.ts';
import { CoreHost } from './hosts/core-host.ts';
import { Ledger } from './ledger.ts';
import { drawLongProfile } from './long-profile.ts';
import { drawPlan, unleash } from './nemesis.ts';
import { drawProfile, type Profile } from './profile.ts';
import { type SimEvent, Violation } from './sim-event.ts';
import { type TraceOptions, traceEvent } from './trace.ts';
import { Workload } from './workload.ts';
import { TraceHash } from './world/trace-hash.ts';
import { type HostFactory, World } from './world/world.ts';

export type SimOptions = {
  readonly seed: number;
  /** Drawn from the seed unless given. */
  readonly profile?: Profile;
  /** The profile that is drawn is that of a long run. */
  readonly long?: boolean;
  /** What runs on the nodes; the pure core with a minimal host around it unless given. */
  readonly createHost?: HostFactory;
  readonly trace?: TraceOptions;
  /** Sees every event before it is judged. */
  readonly observe?: (event: SimEvent) => void;
};

export type Verdict = {
  readonly seed: number;
  readonly profile: Profile;
  readonly events: number;
  /** Virtual time from the first start to the end of healing. */
  readonly simulatedMs: number;
  readonly traceHash: string;
  readonly coverage: CoverageCounts;
  /** Slots that were chosen. */
  readonly chosenSlots: number;
} & (
  | { readonly ok: true; readonly heal: HealReport }
  | { readonly ok: false; readonly violated: string; readonly sentence: string; readonly replay: string }
);

export function simulate(options: SimOptions): Verdict {
  const { seed, long = false } = options;
  const profile = options.profile ?? (long ? drawLongProfile(seed) : drawProfile(seed));
  const coverage = new CoverageCounts();
  const hash = new TraceHash();
  const observers: ((event: SimEvent) => void)[] = [];
  const world = new World(
    seed,
    profile,
    options.createHost ?? ((env) => new CoreHost(env)),
    (event) => observers.forEach((observe) => observe(event)),
    coverage,
    hash,
  );
  const ledger = new Ledger(world.nodes);
  const checkers = allCheckers(profile.limits, world.disks);
  const counter = new CoverageObserver(coverage, world.disks);
  if (options.observe !== undefined) observers.push(options.observe);
  if (options.trace !== undefined) {
    const { trace } = options;
    observers.push((event) => traceEvent(world, event, trace));
  }
  observers.push((event) => {
    for (const checker of checkers) {
      const sentence = checker.observe(event, ledger);
      if (sentence !== undefined) throw new Violation(checker.property, sentence);
    }
    ledger.observe(event);
    counter.observe(event);
  });
  const facts = () => ({
    seed,
    profile,
    events: world.scheduler.events,
    simulatedMs: world.scheduler.nowMs,
    traceHash: hash.digest(),
    coverage,
    chosenSlots: [...ledger.slots.values()].filter((slot) => slot.chosen !== undefined).length,
  });
  try {
    return { ok: true, heal: run(world, ledger), ...facts() };
  } catch (error) {
    const violation = asViolation(error);
    if (violation === undefined) throw error;
    const at = world.scheduler.events;
    const replay = `npm run sim -- --seed ${seed}${long ? ' --long' : ''} --trace --from ${Math.max(0, at - 200)} --until ${at}`;
    return { ok: false, violated: violation.property, sentence: violation.message, replay, ...facts() };
  }
}

function run(world: World, ledger: Ledger): HealReport {
  const { profile } = world;
  let isOver = false;
  const workload = new Workload(world, ledger);
  for (const node of world.nodes) world.boot(node);
  unleash(world, drawPlan(world.seed, profile, world.nodes), () => isOver);
  workload.run(() => isOver);
  while (world.scheduler.events < profile.maxChaosEvents && world.scheduler.step(profile.chaosMs)) {
    // Each step is judged by the observers.
  }
  isOver = true;
  return heal(world, ledger, workload);
}

function asViolation(error: unknown): Violation | undefined {
  if (error instanceof Violation) return error;
  if (error instanceof InvariantError)
    return new Violation(`core asserted ${error.invariant}`, error.message, error);
  return undefined;
}
