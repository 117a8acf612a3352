/**
 * What the tests of the network rim share: waiting for a condition with a bound, a clock that moves only when told,
 * and whole nodes (server and transport) on ports that the system chose. The other side: see strangers.ts.
 */
import assert from 'node:assert/strict';
import { createNodeServer, type NodeServer } from '#src/adapters/http/index.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import { PEER_PATH } from '#src/adapters/websocket/hello.ts';
import {
  type Admission,
  createWebSocketTransport,
  type PeerLimits,
  type WebSocketTransport,
} from '#src/adapters/websocket/index.ts';
import { asNodeId, type Clock, type Lane, type NodeId } from '#src/ports/index.ts';

/** Long enough for a loaded machine, and within the time that a test has, so that the wait is what fails. */
export const BOUND_MS = 4000;

export const LANES: readonly Lane[] = ['control', 'bulk'];

/** Waits until `condition` holds; it is asked again after every turn of the event loop. */
export async function until(condition: () => boolean, what: string, boundMs = BOUND_MS): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!condition()) {
    if (performance.now() > endMs) assert.fail(`not within ${boundMs} ms: ${what}`);
    // One turn at a time, through the poll phase, without burning a core.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Timers fire only when `advance` reaches them. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  /** Delays of the timers that wait, ascending. */
  get waitingMs(): readonly number[] {
    return this.#timers.map(({ dueMs }) => dueMs - this.#nowMs).sort((left, right) => left - right);
  }

  /** What a stopped process finds when it goes on: much later, and every timer that is due fires once. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
    this.#timers = this.#timers.filter((each) => !due.includes(each));
    for (const { callback } of due) callback();
  }

  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers
        .filter(({ dueMs }) => dueMs <= endMs)
        .sort((left, right) => left.dueMs - right.dueMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = next.dueMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }
}

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
export const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'latin1'));

export const nodeId = (value: number): NodeId => asNodeId(value);

export type NodeOptions = {
  readonly node: number;
  readonly incarnation?: number;
  readonly storageId?: string;
  /** Address of each peer that this node dials; others need none. */
  readonly addresses?: Readonly<Record<number, string>>;
  readonly members?: readonly number[];
  readonly clusterId?: string;
  readonly genesisDigest?: string;
  /** Facts about the backend, asked at each greeting. */
  readonly backend?: () => readonly (readonly [string, string])[];
  readonly clock?: Clock;
  readonly limits?: Partial<PeerLimits>;
  readonly random?: () => number;
  readonly admit?: (node: number, storageId: string, incarnation: number) => Admission;
};

/** Server and transport as a node has them. What happens is written into `events`, in order. */
export class TestNode {
  /** `up 2`, `down 2`, `2 control hello`, `disowned by 2: text` */
  readonly events: string[] = [];
  readonly transport: WebSocketTransport;
  readonly server: NodeServer;
  port = 0;

  constructor(options: NodeOptions) {
    const { node, members = [1, 2, 3] } = options;
    const peers = members
      .filter((each) => each !== node)
      .map((each) => ({ node: asNodeId(each), address: options.addresses?.[each] ?? '127.0.0.1:1' }));
    this.transport = createWebSocketTransport({
      identity: {
        clusterId: options.clusterId ?? 'the-cluster',
        genesisDigest: options.genesisDigest ?? 'the-genesis',
        node: asNodeId(node),
        storageId: options.storageId ?? `storage-${node}`,
        incarnation: options.incarnation ?? 1,
        get backend() {
          return options.backend?.() ?? [['backend', 'kv'] as const, ['version', '15'] as const];
        },
      },
      // Only what the test is about gets an address that answers; the rest must stay quiet.
      peers: peers.filter((peer) => peer.node < node || options.addresses?.[peer.node] !== undefined),
      admitPeer: options.admit ?? (() => ({ ok: true })),
      onDisowned: (peer, message) => this.events.push(`disowned by ${peer}: ${message}`),
      clock: options.clock ?? SYSTEM_CLOCK,
      ...(options.random === undefined ? {} : { random: options.random }),
      limits: { reconnectMinMs: 5, reconnectMaxMs: 50, closeTimeoutMs: 200, ...options.limits },
    });
    this.server = createNodeServer({
      host: '127.0.0.1',
      port: 0,
      readiness: () => [],
      status: () => ({}),
      explain: () => '',
      upgrades: { [PEER_PATH]: this.transport.upgrade },
    });
  }

  async start(): Promise<this> {
    this.port = (await this.server.listen()).port;
    this.transport.start({
      onUp: (peer) => this.events.push(`up ${peer}`),
      onDown: (peer) => this.events.push(`down ${peer}`),
      onFrame: (from, lane, frame) => this.events.push(`${from} ${lane} ${text(frame)}`),
    });
    return this;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  count(name: string): number {
    return this.transport.counters()[name] ?? 0;
  }

  send(to: number, lane: Lane, value: string): boolean {
    return this.transport.send(asNodeId(to), lane, bytes(value));
  }

  /** Waits for an event that begins with `start`, the `times`-th one. */
  saw(start: string, times = 1): Promise<void> {
    return until(
      () => this.events.filter((event) => event.startsWith(start)).length >= times,
      `${start} (${times} times), saw ${this.events.slice(-10).join(', ')}`,
    );
  }

  async stop(): Promise<void> {
    await this.transport.close();
    await this.server.close();
  }
}
