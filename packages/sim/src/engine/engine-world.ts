/**
 * A whole cluster of production engines in one process, with its clients: one queue of events, one virtual time.
 *
 * Owns birth and death of processes and who is told what. Leaves to strikes.ts which faults strike, and to judge.ts
 * what is right. Everything random comes from named streams of the seed.
 */
import { type Backend, BackendDiverged } from '@quorate/core/ports';
import { asNodeId, type NodeId, type Random, streamOf } from '@quorate/core/protocol';
import type { Answer, QuorateError, Result } from '@quorate/wire';
import { calmDisk, calmNetwork } from '../profile.ts';
import type { PropertyName, SimEvent } from '../sim-event.ts';
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
import type { ApplyTrouble } from './observed-backend.ts';
import type { Operation, Request } from './operation.ts';
import type { EngineProfile } from './profile.ts';
import type { Stage } from './stage.ts';

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
    this.judge = new Judge(this.nodes, profile, stage, disks, onEvent);
    this.#processes = new Map(
      [...disks].map(([node, disk]) => [node, new EngineProcess(this, node, disk, this.#createClock(node))]),
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

  get diskFaults(): DiskFaults {
    return this.#diskFaults;
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
    const lostWrites = process.end();
    if (lostWrites > 0) this.judge.coverage.hit('unsynced-lost');
    this.links.nodeDown(node, silent);
    for (const link of this.#connections) if (link.node === node) link.nodeDied(silent);
    this.#connections = this.#connections.filter((link) => link.node !== node);
    this.hash.mix(node * 1000 + lostWrites);
    this.emit({ kind: 'crash', node, lostWrites });
  }

  /** The process has ended itself: that is a violation, and the end of the run. */
  onFatal(node: NodeId, error: QuorateError): void {
    this.judge.onFatal(node, error);
    this.crash(node, false);
  }

  /** The store could not be opened: the process has ended with a message, and is started again by whoever watches it. */
  onStoreClosed(node: NodeId, error: unknown, timeouts: number): void {
    const isRefusal = error instanceof BackendDiverged;
    this.crash(node, false);
    if (!isRefusal)
      this.scheduler.after(this.profile.base.limits.electionTimeoutMs * timeouts, () => this.boot(node));
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
