/**
 * Engines in one process, joined by a network in memory, over journals in memory, in virtual time: what tests of the
 * runtime need to see every frame and to hold back a disk, a link or a reader. Nothing happens but in `run`.
 */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { type Answer, decodeNodeFrame, encodeClientFrame } from '@quorate/wire';
import type { ClientConnection, ClientHandlers } from '#src/ports/client-listener.ts';
import type { Clock, Timer } from '#src/ports/clock.ts';
import { type Backend, type BackendImage, BackendUnavailable, defineBackend } from '#src/ports/index.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import type { Transport, TransportHandlers } from '#src/ports/transport.ts';
import { asNodeId, type NodeId } from '#src/protocol/types.ts';
import { Engine } from '#src/runtime/engine.ts';
import { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from '#src/runtime/limits.ts';
import { MemoryDisk, MemoryJournal } from '#src/testing/memory-journal.ts';

/** Milliseconds of one step of `run`. */
const STEP_MS = 5;

export class VirtualClock implements Clock {
  nowMs = 0;
  #soon: (() => void)[] = [];
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Everything that is due, then the next step of time. */
  step(): void {
    for (let round = 0; this.#soon.length > 0 && round < 1000; round++) {
      const ready = this.#soon;
      this.#soon = [];
      for (const callback of ready) callback();
    }
    this.nowMs += STEP_MS;
    for (const timer of this.#timers) {
      if (timer.atMs > this.nowMs) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** `fill KEY BYTES` stores that many bytes, `get KEY` reads them, `take KEY` removes and answers them. */
export function fillBackend(): Backend {
  const state = (): { values: Map<string, Uint8Array> } => ({ values: new Map() });
  return defineBackend({
    name: 'fill',
    initial: state,
    parse: (input) => {
      const [verb = '', key = '', bytes = '0'] = input.words.map((word) => Buffer.from(word).toString());
      const filler = new Uint8Array(verb === 'fill' ? Number(bytes) : 0);
      return { ok: true, command: { verb, key, filler }, access: verb === 'get' ? 'read' : 'write' };
    },
    execute: ({ values }, { verb, key, filler }) => {
      const value = values.get(key);
      if (verb === 'fill') values.set(key, filler);
      if (verb === 'take') values.delete(key);
      return verb === 'fill' ? 'filled' : (value ?? null);
    },
  }) as Backend;
}

export type RequestOptions = {
  readonly timeoutMs?: number;
  readonly consistency?: 'linearizable' | 'stale';
};

/** A client's connection, as the engine sees it and as the test does. */
export class TestClient implements ClientConnection {
  readonly remote = 'test';
  readonly id: number;
  readonly frames: Uint8Array[] = [];
  /** False: what is sent stays in the queue. */
  reads = true;
  queuedBytes = 0;
  readonly #answers = new Map<number, Answer>();
  readonly #handlers: ClientHandlers;
  #sequence = 1;

  constructor(id: number, handlers: ClientHandlers) {
    this.id = id;
    this.#handlers = handlers;
    handlers.onOpen(this);
    const hello = { kind: 'hello', versionMin: 1, versionMax: 1, clientName: 'test' } as const;
    handlers.onFrame(this, encodeClientFrame(hello));
  }

  send(frame: Uint8Array): void {
    this.frames.push(frame);
    if (!this.reads) this.queuedBytes += frame.length;
    const decoded = decodeNodeFrame(frame);
    if (decoded.kind !== 'responses') return;
    for (const answer of decoded.answers) this.#answers.set(answer.sequence, answer);
  }

  close(): void {
    this.#handlers.onClose(this);
  }

  /** The latest. */
  answerTo(sequence: number): Answer | undefined {
    return this.#answers.get(sequence);
  }

  openSession(): number {
    const sequence = this.#sequence++;
    this.#handlers.onFrame(
      this,
      encodeClientFrame({ kind: 'open-session', sequence, timeoutMs: 60_000, noForward: false }),
    );
    return sequence;
  }

  /** One frame. Gives the sequences of the lines. */
  request(session: number, lines: readonly string[], options?: RequestOptions): readonly number[] {
    const sequences = lines.map(() => this.#sequence++);
    this.repeat(session, lines, sequences, options);
    return sequences;
  }

  repeat(
    session: number,
    lines: readonly string[],
    sequences: readonly number[],
    { timeoutMs = 60_000, consistency = 'linearizable' }: RequestOptions = {},
  ): void {
    const commands = lines.map((text, index) => ({
      sequence: sequences[index] ?? 0,
      input: { form: 'text', text } as const,
    }));
    const head = { session, ackSequence: 0, consistency, noForward: false } as const;
    this.#handlers.onFrame(this, encodeClientFrame({ kind: 'request', ...head, timeoutMs, commands }));
  }
}

export class TestNode {
  readonly engine: Engine;
  readonly journal: MemoryJournal;
  /** Outlives the node. */
  readonly disk: MemoryDisk;
  /** Why the node ended itself. */
  fatal: Error | undefined;
  /** Set by a test: flushes wait. */
  diskIsStuck = false;
  handlers: TransportHandlers | undefined;
  clients: ClientHandlers | undefined;

  static async start(
    cluster: TestCluster,
    self: NodeId,
    limits: RuntimeLimits,
    backend: Backend,
    disk: MemoryDisk = new MemoryDisk(String(self).repeat(32)),
  ): Promise<TestNode> {
    const journal: MemoryJournal = new MemoryJournal({
      disk,
      onPending: () => cluster.clock.soon(() => node?.flushDisk()),
    });
    const identity = { clusterId: 'test', genesisDigest: 'test', node: self, group: 0 };
    const opened = await journal.open(identity);
    const reopen = (): Promise<BackendImage> =>
      backend.open({
        clusterId: 'test',
        group: 0,
        node: self,
        directory: '',
        signal: new AbortController().signal,
        options: undefined,
      });
    const image = await reopen().catch((error: unknown) => {
      if (error instanceof BackendUnavailable) return undefined;
      throw error;
    });
    const node: TestNode = new TestNode(cluster, self, disk, journal, (callbacks) => {
      const options = {
        self,
        group: 0,
        clusterId: 'test',
        addrs: cluster.addrs,
        backend,
        image,
        reopen,
        journal,
        opened,
      };
      const seed = self * 1000 + opened.incarnation - 1;
      const { clock } = cluster;
      return new Engine({
        ...options,
        ...callbacks,
        clock,
        logger: SILENT_LOGGER,
        limits,
        seed,
        checksum: crc32,
      });
    });
    return node;
  }

  private constructor(
    cluster: TestCluster,
    self: NodeId,
    disk: MemoryDisk,
    journal: MemoryJournal,
    create: (
      callbacks: Pick<ConstructorParameters<typeof Engine>[0], 'transport' | 'clients' | 'onFatal'>,
    ) => Engine,
  ) {
    this.journal = journal;
    this.disk = disk;
    const transport: Transport = {
      start: (handlers) => {
        this.handlers = handlers;
      },
      send: (to, lane, frame) => cluster.carry(self, to, lane, frame),
      queuedBytes: () => 0,
      reject: (peer, code) => assert.fail(`node ${self} rejected node ${peer}: ${code}`),
      close: async () => undefined,
    };
    const clients = {
      start: (handlers: ClientHandlers) => {
        this.clients = handlers;
      },
      stopAccepting: () => undefined,
      close: async () => undefined,
    };
    this.engine = create({
      transport,
      clients,
      onFatal: (error) => {
        this.fatal = error;
      },
    });
  }

  flushDisk(): void {
    if (!this.diskIsStuck) this.journal.flush();
  }
}

export class TestCluster {
  readonly clock = new VirtualClock();
  readonly nodes: TestNode[] = [];
  readonly addrs: readonly string[];
  readonly #limits: RuntimeLimits;
  readonly #createBackend: () => Backend;
  /** Like a real link's bound on one frame. */
  maxFrameBytes = DEFAULT_RUNTIME_LIMITS.maxPeerFrameBytes;
  longestFrameBytes = 0;
  #clients = 0;

  static async start(
    size: number,
    limits: Partial<RuntimeLimits> = {},
    createBackend: () => Backend = fillBackend,
  ): Promise<TestCluster> {
    const cluster = new TestCluster(size, { ...DEFAULT_RUNTIME_LIMITS, ...limits }, createBackend);
    for (let self = 1; self <= size; self++)
      cluster.nodes.push(await TestNode.start(cluster, asNodeId(self), cluster.#limits, createBackend()));
    for (const { engine } of cluster.nodes) engine.start();
    return cluster;
  }

  private constructor(size: number, limits: RuntimeLimits, createBackend: () => Backend) {
    this.#limits = limits;
    this.#createBackend = createBackend;
    this.addrs = Array.from({ length: size }, (_, index) => `127.0.0.1:${index + 1}`);
  }

  node(id: number): TestNode {
    const node = this.nodes[id - 1];
    assert.ok(node !== undefined);
    return node;
  }

  /** The process dies with everything that is not flushed, and another one begins over the same disk. */
  async restart(id: number): Promise<void> {
    const { disk, journal, engine } = this.node(id);
    journal.crash();
    engine.halt();
    const self = asNodeId(id);
    const node = await TestNode.start(this, self, this.#limits, this.#createBackend(), disk);
    this.nodes[id - 1] = node;
    node.engine.start();
  }

  get leader(): number {
    return this.nodes.findIndex(({ engine }) => engine.status().role === 'leader') + 1;
  }

  connect(node: number): TestClient {
    const { clients } = this.node(node);
    assert.ok(clients !== undefined);
    this.#clients += 1;
    return new TestClient(this.#clients, clients);
  }

  carry(from: NodeId, to: NodeId, lane: 'control' | 'bulk', frame: Uint8Array): boolean {
    this.longestFrameBytes = Math.max(this.longestFrameBytes, frame.length);
    if (frame.length > this.maxFrameBytes) return false;
    this.clock.soon(() => this.node(to).handlers?.onFrame(from, lane, frame.slice()));
    return true;
  }

  /** Until `condition` holds, at most `maxMs` of virtual time. */
  run(what: string, condition: () => boolean, maxMs = 10_000): void {
    for (const untilMs = this.clock.nowMs + maxMs; this.clock.nowMs < untilMs; this.clock.step()) {
      if (condition()) return;
    }
    assert.fail(
      `${what}: not within ${maxMs} ms; ${this.nodes.map(({ fatal }) => String(fatal)).join(', ')}`,
    );
  }

  /** A client of `node` and its session. */
  clientWithSession(node: number): { readonly client: TestClient; readonly session: number } {
    const client = this.connect(node);
    const sequence = client.openSession();
    this.run('a session', () => client.answerTo(sequence)?.kind === 'session');
    const answer = client.answerTo(sequence);
    assert.ok(answer?.kind === 'session');
    return { client, session: answer.session };
  }

  stop(): void {
    for (const { engine } of this.nodes) engine.halt();
  }
}
