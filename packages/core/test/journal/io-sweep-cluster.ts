/**
 * Three engines in one process, in virtual time, over journals in memory that fail on command: what the sweep of journal
 * errors plays. Links can be cut, a node whose journal failed ends like a process, and can be started again on its disk.
 *
 * Owns who is alive, who hears whom, and that a node which ended says nothing more. Leaves to io-sweep.ts what happens
 * when, and what must be true of it.
 */
import { crc32 } from 'node:zlib';
import type { QuorateError } from '@quorate/wire';
import type { ClientHandlers } from '#src/ports/client-listener.ts';
import type { Clock } from '#src/ports/clock.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import type { TransportHandlers } from '#src/ports/transport.ts';
import { asNodeId, type NodeId } from '#src/protocol/types.ts';
import { Engine } from '#src/runtime/engine.ts';
import { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from '#src/runtime/limits.ts';
import { MemoryDisk, MemoryJournal } from '#src/testing/memory-journal.ts';
import { fillBackend, TestClient, VirtualClock } from '../runtime/cluster.ts';
import { type FaultyJournal, failOnCommand } from './io-sweep-fault.ts';

const IDENTITY = { clusterId: 'sweep', genesisDigest: 'sweep', group: 0 } as const;

/** Small pages, so that catch-up and replay read often. */
const LIMITS: RuntimeLimits = {
  ...DEFAULT_RUNTIME_LIMITS,
  replayPageBytes: 400,
  protocol: { ...DEFAULT_RUNTIME_LIMITS.protocol, windowSlots: 16, pageBytes: 300, catchUpSlots: 8 },
};

/** One life of a process: once it is over, none of its callbacks runs any more. */
type Life = { isOver: boolean };

export class SweepNode {
  readonly id: NodeId;
  readonly disk: MemoryDisk;
  journal: MemoryJournal | undefined;
  engine: Engine | undefined;
  life: Life | undefined;
  /** Why it ended. */
  fatal: QuorateError | undefined;
  /** What it sent or answered after that: nothing, if it is right. */
  saidAfterEnd = 0;
  /** What its journal did and is to do, over all its lives. */
  readonly journalFault: FaultyJournal = {
    operations: { write: 0, read: 0 },
    fault: undefined,
    hasFailed: false,
  };
  peers: TransportHandlers | undefined;
  clients: ClientHandlers | undefined;

  constructor(id: NodeId) {
    this.id = id;
    this.disk = new MemoryDisk(String(id).repeat(32));
  }

  get isAlive(): boolean {
    return this.engine !== undefined;
  }
}

export class SweepCluster {
  readonly clock = new VirtualClock();
  readonly nodes: readonly SweepNode[] = [1, 2, 3].map((id) => new SweepNode(asNodeId(id)));
  readonly #cut = new Set<string>();
  #connections = 0;

  node(id: number): SweepNode {
    return this.nodes[id - 1] as SweepNode;
  }

  get alive(): SweepNode[] {
    return this.nodes.filter((node) => node.isAlive);
  }

  get leader(): SweepNode | undefined {
    return this.alive.find(({ engine }) => engine?.status().role === 'leader');
  }

  async start(node: SweepNode): Promise<void> {
    const { id } = node;
    const life: Life = { isOver: false };
    const clock = clockOf(this.clock, life);
    const journal: MemoryJournal = new MemoryJournal({
      disk: node.disk,
      onPending: () => clock.after(0, () => journal.flush()),
    });
    failOnCommand(journal, node.disk, node.journalFault);
    const opened = await journal.open({ ...IDENTITY, node: id });
    const backend = fillBackend();
    const image = await backend.open({
      clusterId: IDENTITY.clusterId,
      group: 0,
      node: id,
      directory: '',
      signal: new AbortController().signal,
      options: undefined,
    });
    node.fatal = undefined;
    const engine = new Engine({
      self: id,
      group: 0,
      clusterId: IDENTITY.clusterId,
      addrs: this.nodes.map((peer) => `127.0.0.1:${peer.id}`),
      backend,
      image,
      journal,
      opened,
      clock,
      logger: SILENT_LOGGER,
      limits: LIMITS,
      seed: id * 1000 + opened.incarnation,
      checksum: crc32,
      transport: {
        start: (handlers) => void (node.peers = handlers),
        send: (to, lane, frame) => {
          if (node.fatal !== undefined) node.saidAfterEnd += 1;
          return this.#carry(id, to, lane, frame);
        },
        queuedBytes: () => 0,
        reject: () => undefined,
        close: async () => undefined,
      },
      clients: {
        start: (handlers) => void (node.clients = handlers),
        stopAccepting: () => undefined,
        close: async () => undefined,
      },
      onFatal: (error) => {
        node.fatal = error;
        // As a process that ends: a moment later nothing of it is left.
        clock.after(0, () => this.kill(node));
      },
    });
    node.life = life;
    node.engine = engine;
    node.journal = journal;
    engine.start();
    for (const peer of this.alive) if (peer !== node) this.#join(node, peer);
  }

  /** The process is gone: what was not flushed is lost, its peers hear that its links are down. */
  kill(node: SweepNode): void {
    if (node.life !== undefined) node.life.isOver = true;
    node.journal?.crash();
    node.life = undefined;
    node.engine = undefined;
    node.journal = undefined;
    node.peers = undefined;
    node.clients = undefined;
    for (const peer of this.alive) peer.peers?.onDown(node.id);
  }

  connect(node: SweepNode): TestClient | undefined {
    if (node.clients === undefined) return undefined;
    this.#connections += 1;
    const client = new TestClient(this.#connections, node.clients);
    const send = client.send.bind(client);
    client.send = (frame) => {
      if (node.fatal !== undefined) node.saidAfterEnd += 1;
      send(frame);
    };
    return client;
  }

  /** Both directions; both ends hear of it. */
  isolate(node: SweepNode): void {
    for (const peer of this.nodes) {
      if (peer === node || this.#cut.has(linkOf(node, peer))) continue;
      this.#cut.add(linkOf(node, peer));
      node.peers?.onDown(peer.id);
      peer.peers?.onDown(node.id);
    }
  }

  mend(): void {
    for (const one of this.nodes) {
      for (const other of this.nodes)
        if (one.id < other.id && this.#cut.delete(linkOf(one, other))) this.#join(one, other);
    }
  }

  /** True when the condition held within the time. */
  run(maxMs: number, condition: () => boolean = () => false): boolean {
    for (const untilMs = this.clock.nowMs + maxMs; this.clock.nowMs < untilMs; this.clock.step())
      if (condition()) return true;
    return condition();
  }

  #join(one: SweepNode, other: SweepNode): void {
    if (!one.isAlive || !other.isAlive || this.#cut.has(linkOf(one, other))) return;
    one.peers?.onUp(other.id);
    other.peers?.onUp(one.id);
  }

  #carry(from: NodeId, to: NodeId, lane: 'control' | 'bulk', frame: Uint8Array): boolean {
    const receiver = this.node(to);
    if (!receiver.isAlive || this.#cut.has(linkOf(this.node(from), receiver))) return false;
    const { peers } = receiver;
    this.clock.soon(() => {
      if (receiver.peers === peers && receiver.isAlive && !this.#cut.has(linkOf(this.node(from), receiver)))
        peers?.onFrame(from, lane, frame.slice());
    });
    return true;
  }
}

function clockOf(clock: VirtualClock, life: Life): Clock {
  const alive = (callback: () => void) => (): void => {
    if (!life.isOver) callback();
  };
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs, callback) => clock.after(delayMs, alive(callback)),
    soon: (callback) => clock.soon(alive(callback)),
  };
}

function linkOf(one: SweepNode, other: SweepNode): string {
  return one.id < other.id ? `${one.id}-${other.id}` : `${other.id}-${one.id}`;
}
