/**
 * A whole cluster in one process: nodes with disks and clocks, links between them, one queue of events.
 *
 * Owns birth and death of processes and who is told what. Leaves to nemesis.ts which faults strike, to workload.ts
 * what is asked, and to the observer what is right. Everything random comes from named streams of the seed.
 */

import type { Clock, TransportHandlers } from '@quorate/core/ports';
import {
  asNodeId,
  type NodeId,
  type Random,
  type ReplicaView,
  SLOT_ZERO,
  streamOf,
} from '@quorate/core/protocol';
import type { QuorateError } from '@quorate/wire';
import type { CoverageCounts } from '../coverage.ts';
import type { Host, NodeEnvironment } from '../hosts/host.ts';
import { calmDisk, calmNetwork, type Profile } from '../profile.ts';
import type { SimEvent } from '../sim-event.ts';
import { RELIABLE_DISK } from './disk/index.ts';
import { type DiskFaults, SimDisk, SimJournal } from './journal.ts';
import { Network } from './network.ts';
import { NodeClock } from './node-clock.ts';
import { rotOlderSegments } from './rot.ts';
import { Scheduler } from './scheduler.ts';
import { type JournalLife, SegmentLife } from './segment-life.ts';
import { SegmentNodeJournal } from './segment-node-journal.ts';
import { ProcessDied, SimProcess } from './sim-process.ts';
import type { TraceHash } from './trace-hash.ts';

export type HostFactory = (env: NodeEnvironment) => Host;

export class World {
  readonly seed: number;
  readonly profile: Profile;
  readonly nodes: readonly NodeId[];
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly disks: ReadonlyMap<NodeId, SimDisk>;
  readonly coverage: CoverageCounts;
  readonly #processes: ReadonlyMap<NodeId, SimProcess>;
  readonly #segments: ReadonlyMap<NodeId, SegmentNodeJournal>;
  /** Nodes whose journal is damaged: they never run again. */
  readonly halted: Set<NodeId> = new Set();
  readonly #handlers: Map<
    NodeId,
    { readonly handlers: TransportHandlers; readonly deliver: (callback: () => void) => void }
  > = new Map();
  readonly #createHost: HostFactory;
  readonly #observe: (event: SimEvent) => void;
  readonly #hash: TraceHash;
  #diskFaults: DiskFaults;
  #isCalm = false;
  readonly #rotRandom: Random;

  constructor(
    seed: number,
    profile: Profile,
    createHost: HostFactory,
    observe: (event: SimEvent) => void,
    coverage: CoverageCounts,
    hash: TraceHash,
  ) {
    this.seed = seed;
    this.profile = profile;
    this.coverage = coverage;
    this.nodes = Array.from({ length: profile.nodeCount }, (_, index) => asNodeId(index + 1));
    this.scheduler = new Scheduler(seed, hash);
    this.#createHost = createHost;
    this.#observe = observe;
    this.#hash = hash;
    this.#diskFaults = profile.disk;
    this.#rotRandom = streamOf(seed, 'rot');
    this.disks = new Map(
      this.nodes.map((node) => [
        node,
        new SimDisk(node, { onDurable: (at, write) => observe({ kind: 'durable', node: at, write }) }),
      ]),
    );
    this.#segments = new Map(this.nodes.map((node) => [node, this.#createStorage(node)]));
    this.#processes = new Map(this.nodes.map((node) => [node, this.#createProcess(node)]));
    this.network = new Network(
      this.nodes,
      this.scheduler,
      streamOf(seed, 'network'),
      profile.network,
      {
        isAlive: (node) => this.process(node).isAlive,
        onFrame: (to, from, lane, frame) => this.#hand(to, (handlers) => handlers.onFrame(from, lane, frame)),
        onUp: (at, peer) => this.#hand(at, (handlers) => handlers.onUp(peer)),
        onDown: (at, peer) => this.#hand(at, (handlers) => handlers.onDown(peer)),
      },
      coverage,
    );
  }

  process(node: NodeId): SimProcess {
    return this.#processes.get(node) as SimProcess;
  }

  get alive(): NodeId[] {
    return this.nodes.filter((node) => this.process(node).isAlive);
  }

  view(node: NodeId): ReplicaView | undefined {
    return this.process(node).host?.replica?.view();
  }

  /** The node that leads at the highest ballot, if any believes to lead. */
  leader(): NodeId | undefined {
    let best: ReplicaView | undefined;
    for (const node of this.nodes) {
      const view = this.process(node).host?.replica?.role === 'leader' ? this.view(node) : undefined;
      if (view !== undefined && (best === undefined || view.ballot.round > best.ballot.round)) best = view;
    }
    return best?.self;
  }

  boot(node: NodeId): void {
    const process = this.process(node);
    if (process.isAlive || this.halted.has(node)) return;
    const line = process.beginLife(() => this.crash(node, false));
    const input = (callback: () => void): void => line(callback, 'input');
    const { profile, seed } = this;
    const random = streamOf(seed, `process/${node}/${process.incarnations}`);
    if (process.backend.appliedSlot > process.disk.learnedSlot) this.coverage.hit('backend-ahead');
    const clock = process.clock.port(
      (callback) => line(callback, 'timer'),
      () => profile.turnMs * random.fraction(),
    );
    const journal = this.#createJournal(node, clock, random, input);
    process.journal = journal;
    process.host = this.#createHost({
      self: node,
      voters: this.nodes,
      limits: profile.limits,
      seed: random.uint32(),
      clock,
      journal,
      transport: {
        start: (handlers) => void this.#handlers.set(node, { handlers, deliver: input }),
        send: (to, lane, frame) => {
          this.#hash.mix(frame.length * 64 + node * 8 + to);
          this.#hash.mix(new DataView(frame.buffer, frame.byteOffset).getUint32(4, true));
          return this.network.send(node, to, lane, frame);
        },
        queuedBytes: () => 0,
        reject: (peer) => {
          this.coverage.hit('corrupt-refused');
          this.network.reject(node, peer);
        },
        close: () => Promise.resolve(),
      },
      backend: process.backend,
      applyMs: () => profile.applyMs * random.fraction(),
      maxFrameMessages: profile.maxFrameMessages,
      boundary: () => process.atBoundary(),
      emit: this.#observe,
    });
    if (process.incarnations > 1) this.coverage.hit('restart');
    const { host } = process;
    input(() => host.start());
    this.network.nodeUp(node);
  }

  /** The process dies now. `silent`: its machine too, so that nobody closes its connections. */
  crash(node: NodeId, silent: boolean): void {
    const process = this.process(node);
    if (!process.isAlive) return;
    this.coverage.hit('crash');
    const lostWrites = process.end(silent);
    if (lostWrites > 0) this.coverage.hit('unsynced-lost');
    if (!this.profile.durableBackend) process.backend.appliedSlot = SLOT_ZERO;
    this.#handlers.delete(node);
    this.network.nodeDown(node, silent);
    this.#hash.mix(node * 1000 + lostWrites);
    this.#observe({ kind: 'crash', node, lostWrites });
    this.#rot(node);
  }

  pause(node: NodeId, freezesClock: boolean): void {
    this.coverage.hit('pause');
    if (freezesClock) this.coverage.hit('clock-frozen');
    this.process(node).pause(freezesClock);
  }

  resume(node: NodeId): void {
    this.process(node).resume(() => this.crash(node, false));
  }

  /** Does something to a living process from outside, like a client of it would. */
  ask(node: NodeId, what: (host: Host) => void): void {
    const { host } = this.process(node);
    if (host === undefined) return;
    this.#handlers.get(node)?.deliver(() => what(host));
  }

  /** No fault strikes any more; what is broken stays so until it is mended. */
  calm(): void {
    this.network.faults = calmNetwork(this.profile.network);
    this.#diskFaults = calmDisk(this.profile.disk);
    this.#isCalm = true;
    for (const process of this.#processes.values()) process.spare();
  }

  #hand(to: NodeId, what: (handlers: TransportHandlers) => void): void {
    const entry = this.#handlers.get(to);
    entry?.deliver(() => what(entry.handlers));
  }

  #createJournal(
    node: NodeId,
    clock: Clock,
    random: Random,
    deliver: (callback: () => void) => void,
  ): JournalLife {
    const { disk } = this.process(node);
    if (this.profile.journal === 'prompt')
      return new SimJournal(disk, this.scheduler, random, () => this.#diskFaults, deliver);
    const storage = this.#segments.get(node) as SegmentNodeJournal;
    this.coverage.hit('segment-journal');
    const identity = { clusterId: 'world', genesisDigest: 'world', node, group: 0 };
    const onFailure = (error: QuorateError): never => this.#failJournal(node, error);
    return new SegmentLife({ storage, clock, identity, deliver, onFailure });
  }

  /** The process ends with its journal. A damaged one is the end of the node; after any other it is started again. */
  #failJournal(node: NodeId, error: QuorateError): never {
    if (error.code === 'JOURNAL_CORRUPT' && this.profile.rotChance > 0) {
      this.coverage.hit('journal-refused');
      this.halted.add(node);
    } else if (error.code === 'JOURNAL_IO' && this.profile.diskErrorChance > 0) {
      this.coverage.hit('journal-failed');
      this.scheduler.after(this.profile.limits.electionTimeoutMs * 0.1, () => this.boot(node));
    } else throw error;
    throw new ProcessDied();
  }

  #createStorage(node: NodeId): SegmentNodeJournal {
    const random = streamOf(this.seed, `file-disk/${node}`);
    return new SegmentNodeJournal(node, this.disks.get(node) as SimDisk, this.scheduler, random, () => ({
      ...RELIABLE_DISK,
      ...this.#diskFaults,
      writeErrorChance: this.#isCalm ? 0 : this.profile.diskErrorChance,
      readErrorChance: this.#isCalm ? 0 : this.profile.diskErrorChance / 10,
      nameErrorChance: this.#isCalm ? 0 : this.profile.diskErrorChance,
    }));
  }

  /** At most a minority of the disks rots, always the same ones, and only while nobody runs on them. */
  #rot(node: NodeId): void {
    const mayRot = node <= (this.nodes.length - 1) / 2;
    if (this.#isCalm || !mayRot || this.profile.journal === 'prompt') return;
    if (!this.#rotRandom.chance(this.profile.rotChance)) return;
    const storage = this.#segments.get(node);
    if (storage !== undefined && rotOlderSegments(storage.disk, this.#rotRandom)) this.coverage.hit('rot');
  }

  #createProcess(node: NodeId): SimProcess {
    const random = streamOf(this.seed, `machine/${node}`);
    const drift = this.profile.clockDrift * (random.fraction() * 2 - 1);
    const clock = new NodeClock(this.scheduler, {
      rate: 1 + drift,
      startMs: random.below(1_000_000),
      wallOffsetMs: random.between(-5000, 5000) + 1_700_000_000_000,
    });
    return new SimProcess(node, this.disks.get(node) as SimDisk, clock, random);
  }
}
