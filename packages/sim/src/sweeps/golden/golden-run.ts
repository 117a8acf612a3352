/**
 * The golden run: three nodes, a fixed script that takes every node through every role, and writes all the while.
 * The sweeps play it again and again with one thing going wrong.
 *
 * In time-outs: node 1 leads; node 3 is away and catches up; leadership is handed over; the leader is cut off and
 * comes back deposed; a link breaks and leaves a chain; somebody campaigns. Every action makes sense whoever leads
 * and whoever is dead.
 */
import { asNodeId, type NodeId } from '@quorate/core/protocol';
import { CoreHost } from '../../hosts/core-host.ts';
import type { TraceOptions } from '../../trace.ts';
import { quietProfile, Stage } from '../stage.ts';
import { type Effect, EffectMeter } from './effect-meter.ts';

const FIRST_SEED = 11;
const NODES = 3;
const LASTS_TIMEOUTS = 3.6;
const WRITE_EVERY_TIMEOUTS = 0.033;
/** Values offered at once: several slots are under way together. */
const BURST = 3;
const READ_EVERY_TIMEOUTS = 0.11;
/** A node that died is started again after so long. */
const DOWN_TIMEOUTS = 0.25;

/** Few enough that windows fill, pages end and catch-up takes several rounds. */
const LIMITS = { windowSlots: 8, pageBytes: 100, catchUpSlots: 7 };

type Scene = readonly [atTimeouts: number, act: (run: GoldenRun) => void];

const SCRIPT: readonly Scene[] = [
  [0.04, (run) => run.stage.world.ask(asNodeId(1), (host) => host.campaign())],
  [0.4, (run) => run.isolate(asNodeId(3))],
  [0.8, (run) => run.mend()],
  [1.1, (run) => run.atLeader((leader) => run.stage.world.ask(leader, (host) => host.resign()))],
  [1.5, (run) => run.atLeader((leader) => run.isolate(leader))],
  [2.3, (run) => run.mend()],
  [2.6, (run) => run.cut(asNodeId(1), asNodeId(2))],
  [3.0, (run) => run.mend()],
  [3.05, (run) => run.atLeader((leader) => run.isolate(leader))],
  [3.25, (run) => run.everybody((node) => run.stage.world.ask(node, (host) => host.campaign()))],
  [3.4, (run) => run.mend()],
];

export class GoldenRun {
  readonly stage: Stage;
  readonly #timeoutMs: number;
  #reads = 0;
  #effects = 0;
  #isOver = false;

  /**
   * `before` is called before every effect of every node; it may kill the node by throwing ProcessDied. Another `salt` is
   * another draw of latencies and timers.
   */
  constructor(before: (effect: Effect) => void, salt = 0, trace?: TraceOptions) {
    const meter = new EffectMeter((effect) => {
      if (!this.#isOver) this.#effects = effect.number;
      before(effect);
    });
    const quiet = quietProfile(NODES, LIMITS);
    // A slow disk: at most moments something is written and not flushed.
    const flushMs = quiet.limits.electionTimeoutMs * 0.012;
    const profile = { ...quiet, disk: { ...quiet.disk, flushMs }, durableBackend: true };
    this.stage = new Stage({
      seed: FIRST_SEED + salt,
      profile,
      createHost: (env) => new CoreHost(meter.wrap(env)),
      ...(trace === undefined ? {} : { trace }),
    });
    this.#timeoutMs = profile.limits.electionTimeoutMs;
    this.stage.watch((event) => {
      if (event.kind !== 'crash') return;
      this.stage.world.scheduler.after(DOWN_TIMEOUTS * this.#timeoutMs, () =>
        this.stage.world.boot(event.node),
      );
    });
  }

  /** Effects up to the end of the script. */
  get effectsOfScript(): number {
    return this.#effects;
  }

  /** From the first start until the script is over and everybody knows the same. Every checker judges on the way. */
  play(): void {
    const { stage } = this;
    stage.bootAll();
    for (const [atTimeouts, act] of SCRIPT) this.#after(atTimeouts, () => act(this));
    this.#write();
    this.#read();
    stage.runFor(this.#timeoutMs * LASTS_TIMEOUTS);
    this.#isOver = true;
    stage.comeTogether();
  }

  atLeader(act: (leader: NodeId) => void): void {
    const leader = this.stage.world.leader();
    if (leader !== undefined) act(leader);
  }

  everybody(act: (node: NodeId) => void): void {
    for (const node of this.stage.world.nodes) act(node);
  }

  isolate(node: NodeId): void {
    this.everybody((peer) => {
      if (peer !== node) this.cut(node, peer);
    });
  }

  cut(one: NodeId, other: NodeId): void {
    this.stage.world.network.cut(one, other);
    this.stage.world.network.cut(other, one);
  }

  mend(): void {
    this.stage.world.network.healAll();
  }

  #after(timeouts: number, act: () => void): void {
    this.stage.world.scheduler.after(timeouts * this.#timeoutMs, () => {
      if (!this.#isOver) act();
    });
  }

  /** At everybody who believes to lead; the last of a burst also when its window is full. */
  #write(): void {
    this.everybody((node) => {
      if (!this.stage.isLeader(node)) return;
      for (let index = 1; index <= BURST; index++) this.stage.workload.propose(node, index === BURST);
    });
    this.#after(WRITE_EVERY_TIMEOUTS, () => this.#write());
  }

  #read(): void {
    this.#reads += 1;
    const ticket = this.#reads;
    this.stage.world.ask(asNodeId((ticket % NODES) + 1), (host) => host.read(ticket));
    this.#after(READ_EVERY_TIMEOUTS, () => this.#read());
  }
}
