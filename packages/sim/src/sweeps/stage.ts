/**
 * A stage for sweeps: one simulated cluster on which nothing goes wrong by itself, with every checker on.
 *
 * A sweep puts one planned disturbance on it and judges what follows; the seed only decides latencies and timer
 * jitter. This is the one place that knows how a world is put together, so sweeps move to a deeper host by changing
 * `createHost`. Leaves to the sweeps what is disturbed, and to heal.ts how a cluster must come back.
 */
import { DEFAULT_LIMITS, InvariantError, type NodeId, type ProtocolLimits } from '@quorate/core/protocol';
import { allCheckers } from '../checkers/index.ts';
import { CoverageCounts } from '../coverage.ts';
import { CoreHost } from '../hosts/core-host.ts';
import { Ledger, type ValueNumber } from '../ledger.ts';
import { calmDisk, calmNetwork, drawProfile, type Profile } from '../profile.ts';
import { type SimEvent, Violation } from '../sim-event.ts';
import { type TraceOptions, traceEvent } from '../trace.ts';
import { Workload } from '../workload.ts';
import { TraceHash } from '../world/trace-hash.ts';
import { type HostFactory, World } from '../world/world.ts';

export type StageOptions = {
  readonly seed: number;
  readonly profile: Profile;
  readonly createHost?: HostFactory;
  readonly trace?: TraceOptions;
};

export class Stage {
  readonly world: World;
  readonly ledger: Ledger;
  readonly workload: Workload;
  readonly #observers: ((event: SimEvent) => void)[] = [];
  readonly #hash = new TraceHash();
  /** The slot in which each chosen value is. */
  readonly #chosenIn: Map<ValueNumber, number> = new Map();

  constructor({ seed, profile, createHost = (env) => new CoreHost(env), trace }: StageOptions) {
    const observe = (event: SimEvent): void => {
      for (const observer of this.#observers) observer(event);
    };
    this.world = new World(seed, profile, createHost, observe, new CoverageCounts(), this.#hash);
    this.ledger = new Ledger(this.world.nodes);
    this.workload = new Workload(this.world, this.ledger);
    if (trace !== undefined) this.watch((event) => traceEvent(this.world, event, trace));
    const checkers = allCheckers(profile.limits, this.world.disks);
    this.watch((event) => {
      for (const checker of checkers) {
        const sentence = checker.observe(event, this.ledger);
        if (sentence !== undefined) throw new Violation(checker.property, sentence);
      }
      this.ledger.observe(event);
      if (event.kind === 'durable' && event.write.kind === 'accept') this.#noteChosen(event.write.entry.slot);
    });
  }

  get nowMs(): number {
    return this.world.scheduler.nowMs;
  }

  /** One number for everything that happened. */
  get traceHash(): string {
    return this.#hash.digest();
  }

  /** Called with every event from now on, after the ledger has taken it in. */
  watch(observer: (event: SimEvent) => void): void {
    this.#observers.push(observer);
  }

  bootAll(): void {
    for (const node of this.world.nodes) this.world.boot(node);
  }

  /** Lets `durationMs` of true time pass. */
  runFor(durationMs: number): void {
    this.runUntil(durationMs, () => false);
  }

  /** True when `isDone` held within `withinMs`, false when the time is over. */
  runUntil(withinMs: number, isDone: () => boolean): boolean {
    const untilMs = this.nowMs + withinMs;
    while (!isDone()) if (!this.world.scheduler.step(untilMs)) return isDone();
    return true;
  }

  isLeader(node: NodeId): boolean {
    return this.world.process(node).host?.replica?.role === 'leader';
  }

  /**
   * Mends everything, starts what is dead, and demands that within COME_TOGETHER_TIMEOUTS a new write is chosen and every
   * node has learned and applied the same slots. Judges the way back only; heal.ts also watches a long peace.
   */
  comeTogether(): void {
    const { world } = this;
    const { electionTimeoutMs } = world.profile.limits;
    world.calm();
    for (const node of world.nodes) world.boot(node);
    world.network.healAll();
    const markers = new Set<number>();
    let isOver = false;
    const offerMarker = (): void => {
      if (isOver) return;
      for (const node of world.nodes)
        if (this.isLeader(node)) markers.add(this.workload.propose(node, false));
      world.scheduler.after(electionTimeoutMs / 5, offerMarker);
    };
    offerMarker();
    const together = this.runUntil(electionTimeoutMs * COME_TOGETHER_TIMEOUTS, () =>
      this.#isEverywhere(markers),
    );
    isOver = true;
    if (!together)
      throw new Violation(
        'CORE-CONVERGE',
        `the healed cluster did not come together within ${COME_TOGETHER_TIMEOUTS} election time-outs: ${this.describe()}`,
      );
  }

  /** Role, ballot and positions of every node. */
  describe(): string {
    const nodes = this.world.nodes.map((node) => {
      const view = this.world.view(node);
      if (view === undefined) return `${node} dead`;
      return `${node} ${view.role} ${view.ballot.round}.${view.ballot.node} learned=${view.learnedSlot} applied=${view.appliedSlot}`;
    });
    return nodes.join(' | ');
  }

  #noteChosen(slot: number): void {
    const { chosen } = this.ledger.slot(slot);
    if (chosen !== undefined) this.#chosenIn.set(chosen, slot);
  }

  /** One of these values is chosen, and everybody has learned and applied it and the same slots. */
  #isEverywhere(markers: ReadonlySet<number>): boolean {
    const { world, ledger } = this;
    const isLearned = [...markers].some(
      (marker) => (this.#chosenIn.get(marker) ?? Number.POSITIVE_INFINITY) <= ledger.highestLearned,
    );
    return (
      isLearned &&
      world.nodes.every((node) => {
        const { host, backend } = world.process(node);
        return (
          host?.replica?.learnedSlot === ledger.highestLearned &&
          backend.appliedSlot === ledger.highestLearned
        );
      })
    );
  }
}

/** From the moment when every link is whole again until everybody knows the same. */
const COME_TOGETHER_TIMEOUTS = 8;

/** What broke, as a sentence, when a property does not hold; any other error is ours and goes on. */
export function complaintOf(error: unknown): string {
  if (error instanceof Violation) return error.message;
  if (error instanceof InvariantError) return `core asserted ${error.invariant}: ${error.message}`;
  throw error;
}

/**
 * A healthy cluster in one room: no fault exists, limits are those of the product unless given. Built over a drawn
 * profile, so that a kind of fault that is added to profiles is off here until a sweep asks for it.
 */
export function quietProfile(nodeCount: number, limits: Partial<ProtocolLimits> = {}): Profile {
  const drawn = drawProfile(1);
  const merged = { ...DEFAULT_LIMITS, ...limits };
  const { electionTimeoutMs } = merged;
  return {
    ...drawn,
    nodeCount,
    limits: merged,
    network: {
      ...calmNetwork(drawn.network),
      kind: 'stream',
      latencyMs: electionTimeoutMs * 0.002,
      jitterMs: electionTimeoutMs * 0.004,
      detectMs: electionTimeoutMs * 0.1,
      reconnectMs: electionTimeoutMs * 0.02,
      stalls: false,
    },
    disk: { ...calmDisk(drawn.disk), flushMs: electionTimeoutMs * 0.002 },
    maxFrameMessages: 1000,
    turnMs: electionTimeoutMs * 0.000_5,
    clockDrift: 0.0002,
    applyMs: electionTimeoutMs * 0.001,
    journal: 'prompt',
    diskErrorChance: 0,
    rotChance: 0,
    durableBackend: false,
    every: Object.fromEntries(Object.keys(drawn.every).map((kind) => [kind, 0])) as Profile['every'],
    healsCoreOnly: false,
  };
}
