/**
 * A whole cluster of production engines in one process, with its clients: one queue of events, one virtual time.
 *
 * Owns birth and death of processes and who is told what. Leaves to strikes.ts which faults strike, and to judge.ts
 * what is right. Everything random comes from named streams of the seed.
 */
import type { Backend } from '@quorate/core/ports';
import { asNodeId, type NodeId, type Random, streamOf } from '@quorate/core/protocol';
import type { Answer, QuorateError, Result } from '@quorate/wire';
import { calmDisk, calmNetwork } from '../profile.ts';
import type { PropertyName, SimEvent } from '../sim-event.ts';
import { RELIABLE_DISK } from '../world/disk/index.ts';
import { type DiskFaults, SimDisk } from '../world/journal.ts';
import { Network } from '../world/network.ts';
import { NodeClock } from '../world/node-clock.ts';
import { Scheduler } from '../world/scheduler.ts';
import { TraceHash } from '../world/trace-hash.ts';
import { AsyncBridge } from './async-bridge.ts';
import { type ClientLink, type ClientNetwork, handOver } from './client-links.ts';
import type { ClientWorld } from './client-world.ts';
import type { EngineCoverageKind } from './coverage.ts';
import { EngineProcess } from './engine-process.ts';
import { Judge } from './judge.ts';
import { type NodeJournal, PromptJournal, SegmentNodeJournal } from './node-journal.ts';
import type { ApplyTrouble } from './observed-backend.ts';
import type { Operation, Request } from './operation.ts';
import type { EngineProfile } from './profile.ts';
import type { Stage } from './stage.ts';

/** A process that ended itself is started again after so many election time-outs. */
const RESTART_TIMEOUTS = 0.3;

export class EngineWorld implements ClientWorld {
  readonly clusterId = 'simulated';
  readonly seed: number;
  readonly profile: EngineProfile;
  readonly stage: Stage;
  readonly nodes: readonly NodeId[];
  readonly hash: TraceHash = new TraceHash();
  readonly scheduler: Scheduler;
  readonly bridge: AsyncBridge;
  readonly judge: Judge;
  /** Between nodes. */
  readonly links: Network;
  /** Between clients and nodes. */
  readonly network: ClientNetwork;
  /** Pairs of client and node that do not reach each other, as `client/node`. */
  readonly walls: Set<string> = new Set();
  /** Nodes into whose store somebody else has written: they may serve nothing. */
  readonly tampered: Set<NodeId> = new Set();
  /** For the trace: what clients do and which fault strikes. */
  note: ((text: string) => void) | undefined;
  readonly #processes: ReadonlyMap<NodeId, EngineProcess>;
  #connections: ClientLink[] = [];
  #diskFaults: DiskFaults;
  #isCalm = false;
  #lastRequestId = 0;

  constructor(seed: number, profile: EngineProfile, stage: Stage, onEvent?: (event: SimEvent) => void) {
    const { base } = profile;
    this.seed = seed;
    this.profile = profile;
    this.stage = stage;
    this.nodes = Array.from({ length: base.nodeCount }, (_, index) => asNodeId(index + 1));
    this.scheduler = new Scheduler(seed, this.hash);
    this.bridge = new AsyncBridge(this.scheduler);
    this.#diskFaults = base.disk;
    const onDurable: ConstructorParameters<typeof SimDisk>[1]['onDurable'] = (node, write) =>
      this.emit({ kind: 'durable', node, write });
    const disks = new Map(this.nodes.map((node) => [node, new SimDisk(node, { onDurable })]));
    const journals = new Map([...disks].map(([node, shadow]) => [node, this.#createJournal(node, shadow)]));
    this.judge = new Judge(this.nodes, profile, stage, disks, onEvent);
    this.#processes = new Map(
      [...journals].map(([node, journal]) => [
        node,
        new EngineProcess(this, node, journal, this.#createClock(node)),
      ]),
    );
    this.links = this.#createLinks();
    this.network = this.#createClientNetwork();
  }

  process(node: NodeId): EngineProcess {
    return this.#processes.get(node) as EngineProcess;
  }

  get alive(): NodeId[] {
    return this.nodes.filter((node) => this.process(node).isAlive);
  }

  /** What a lane of a link carries; 0: no bound. */
  get lane(): EngineProfile['link'] {
    return this.#isCalm ? { bytesPerMs: 0, maxQueuedBytes: 0 } : this.profile.link;
  }

  /** The node that leads at the highest ballot, if any believes to lead. */
  leader(): NodeId | undefined {
    let best: { readonly node: NodeId; readonly round: number } | undefined;
    for (const node of this.nodes) {
      const { replica } = this.process(node);
      if (replica?.role !== 'leader') continue;
      const { round } = replica.view().ballot;
      if (best === undefined || round > best.round) best = { node, round };
    }
    return best?.node;
  }

  boot(node: NodeId): void {
    this.process(node).boot();
  }

  /** The process dies now. `silent`: its machine too, so that nobody closes its connections. */
  crash(node: NodeId, silent: boolean): void {
    const process = this.process(node);
    if (!process.isAlive) return;
    this.judge.coverage.hit('crash');
    const lostWrites = process.end(silent);
    if (lostWrites > 0) this.judge.coverage.hit('unsynced-lost');
    this.links.nodeDown(node, silent);
    for (const link of this.#connections) if (link.node === node) link.nodeDied(silent);
    this.#connections = this.#connections.filter((link) => link.node !== node);
    this.hash.mix(node * 1000 + lostWrites);
    this.emit({ kind: 'crash', node, lostWrites });
  }

  /** The run is over: nobody holds a store any more. */
  async dismiss(): Promise<void> {
    for (const node of this.alive) this.crash(node, false);
    if (this.bridge.isBusy) await this.bridge.settle();
  }

  /** The process has ended itself: with a failed disk as it must, otherwise by a fault of its own. */
  onFatal(node: NodeId, error: QuorateError): void {
    if (error.code === 'JOURNAL_IO' && Object.values(this.profile.fileDisk).some((chance) => chance > 0))
      return this.onJournalClosed(node, error);
    this.judge.onFatal(node, error);
    this.crash(node, false);
  }

  /** The disk has failed: the process has ended with a message, and is started again by whoever watches it. */
  onJournalClosed(node: NodeId, error: QuorateError): void {
    if (error.code !== 'JOURNAL_IO') this.judge.onFatal(node, error);
    this.hit('journal-failed');
    this.crash(node, false);
    const delayMs = this.profile.base.limits.electionTimeoutMs * RESTART_TIMEOUTS;
    this.scheduler.after(delayMs, () => this.boot(node));
  }

  /** A process does not start on a store that is not its own. */
  onStoreRefused(node: NodeId, error: unknown): void {
    this.report('CORE-CONVERGE', `node ${node} cannot open its store: ${String(error)}`);
    this.crash(node, false);
  }

  abandonStore(node: NodeId, backend: Backend): void {
    if (this.stage.abandon === undefined) return;
    void this.bridge.carry(
      () => this.stage.abandon?.(node, backend),
      0,
      (run) => run(),
    );
  }

  emit(event: SimEvent): void {
    this.judge.emit(event);
  }

  /** Folds a frame between nodes into the trace's hash. */
  noteFrame(from: NodeId, to: NodeId, frame: Uint8Array): void {
    this.hash.mix(frame.length * 64 + from * 8 + to);
    this.hash.mix(new DataView(frame.buffer, frame.byteOffset).getUint32(4, true));
  }

  drawApplyTrouble(random: Random): ApplyTrouble {
    const { refusedChance, answerLostChance } = this.profile.store;
    const drawn = random.fraction();
    if (this.#isCalm || drawn >= refusedChance + answerLostChance) return 'none';
    this.hit(drawn < refusedChance ? 'backend-refused' : 'backend-answer-lost');
    return drawn < refusedChance ? 'refused' : 'answer-lost';
  }

  /** Is the store away when it is opened? */
  drawIsAway(random: Random): boolean {
    return random.chance(this.profile.store.awayChance) && !this.#isCalm;
  }

  drawStoreDelayMs(random: Random): number {
    return this.profile.store.delayMs * random.fraction();
  }

  /** No fault strikes any more; what is broken stays so until it is mended. */
  calm(): void {
    this.#isCalm = true;
    this.links.faults = calmNetwork(this.profile.base.network);
    this.#diskFaults = calmDisk(this.profile.base.disk);
    this.walls.clear();
    for (const process of this.#processes.values()) process.lifeline?.spare();
  }

  readonly report = (property: PropertyName, sentence: string): void => {
    this.judge.report(property, sentence);
  };

  hit(kind: EngineCoverageKind): void {
    this.judge.engineCoverage.hit(kind);
  }

  nextRequestId(): number {
    return ++this.#lastRequestId;
  }

  draw(random: Random): Operation | undefined {
    return this.stage.draw(random, this.#lastRequestId + 1);
  }

  highestLearned(): number {
    return this.judge.ledger.highestLearned;
  }

  onDial(link: ClientLink): void {
    this.#connections = this.#connections.filter(({ isOver }) => !isOver);
    this.#connections.push(link);
  }

  onAttempt(request: Request): void {
    this.judge.witness.onAttempt(request);
  }

  onResult(request: Request, slot: number, result: Result): void {
    this.hash.mix(request.id * 16 + slot);
    this.judge.onResult(request, slot, result);
  }

  onRefusal(request: Request, answer: Extract<Answer, { kind: 'error' }>): void {
    this.judge.onRefusal(request, answer);
  }

  onEnd(request: Request): void {
    this.judge.onEnd(request);
  }

  #createJournal(node: NodeId, shadow: SimDisk): NodeJournal {
    if (this.profile.journal === 'prompt')
      return new PromptJournal(shadow, this.scheduler, () => this.#diskFaults);
    const random = streamOf(this.seed, `disk/${node}`);
    return new SegmentNodeJournal(node, shadow, this.scheduler, random, () => ({
      ...RELIABLE_DISK,
      ...this.#diskFaults,
      ...(this.#isCalm ? {} : this.profile.fileDisk),
    }));
  }

  #createClock(node: NodeId): NodeClock {
    const random = streamOf(this.seed, `machine/${node}`);
    const drift = this.profile.base.clockDrift * (random.fraction() * 2 - 1);
    return new NodeClock(this.scheduler, {
      rate: 1 + drift,
      startMs: random.below(1_000_000),
      wallOffsetMs: random.between(-5000, 5000) + 1_700_000_000_000,
    });
  }

  #createLinks(): Network {
    const endpoints = {
      isAlive: (node: NodeId) => this.process(node).engine !== undefined,
      onFrame: (to: NodeId, from: NodeId, lane: 'control' | 'bulk', frame: Uint8Array) =>
        this.process(to).hand((handlers) =>
          handOver(frame, (memory) => handlers.onFrame(from, lane, memory)),
        ),
      onUp: (at: NodeId, peer: NodeId) => this.process(at).hand((handlers) => handlers.onUp(peer)),
      onDown: (at: NodeId, peer: NodeId) => this.process(at).hand((handlers) => handlers.onDown(peer)),
    };
    const { network } = this.profile.base;
    const random = streamOf(this.seed, 'network');
    return new Network(this.nodes, this.scheduler, random, network, endpoints, this.judge.coverage);
  }

  #createClientNetwork(): ClientNetwork {
    const random = streamOf(this.seed, 'client-network');
    const { latencyMs, resetChance } = this.profile.clients;
    return {
      scheduler: this.scheduler,
      random,
      latencyMs: () => latencyMs * (0.5 + random.fraction()),
      resetChance: () => (this.#isCalm ? 0 : resetChance),
      doorOf: (node) => this.process(node).door,
      isWalledOff: (client, node) => this.walls.has(`${client}/${node}`),
      onReset: () => this.hit('connection-reset'),
    };
  }
}
