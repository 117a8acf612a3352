/**
 * What the tests of the network rim share: a record of events that can be waited for with a bound, a clock that
 * moves only when told, whole nodes (server and transport) on ports that the system chose, and strangers that
 * speak the greeting by hand.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { createNodeServer, type NodeServer } from '#src/adapters/http/index.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import { decodeGreeting, encodeHello, encodeReady, PEER_PATH, PEER_SUBPROTOCOL, type Greeting, type Hello } from '#src/adapters/websocket/hello.ts';
import { createWebSocketTransport, type Admission, type PeerLimits, type WebSocketTransport } from '#src/adapters/websocket/index.ts';
import { asNodeId, type Clock, type Lane, type NodeId } from '#src/ports/index.ts';

/** Long enough for a loaded machine; a wait that takes as long has failed. */
export const BOUND_MS = 10_000;

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

  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.filter(({ dueMs }) => dueMs <= endMs).sort((left, right) => left.dueMs - right.dueMs)[0];
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

export type NodeOptions = {
  readonly node: number;
  readonly incarnation?: number;
  readonly storageId?: string;
  /** Address of each peer that this node dials; others need none. */
  readonly addresses?: Readonly<Record<number, string>>;
  readonly members?: readonly number[];
  readonly clusterId?: string;
  readonly genesisDigest?: string;
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
      upgrades: { [PEER_PATH]: this.transport.upgrade },
    });
  }

  /** Counts frames by lane instead of writing each into `events` when they are many. */
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

export function helloOf(changes: Partial<Hello> = {}): Hello {
  return {
    kind: 'hello',
    versions: { min: 1, max: 1 },
    clusterId: 'the-cluster',
    genesisDigest: 'the-genesis',
    from: asNodeId(1),
    to: asNodeId(2),
    storageId: 'storage-1',
    incarnation: 1,
    lane: 'control',
    groups: 1,
    processNonce: 'nonce-1',
    attempt: 1,
    ...changes,
  };
}

export const nodeId = (value: number): NodeId => asNodeId(value);

/** One WebSocket driven by hand. Frames that arrive are kept, the end is kept with its code and reason. */
export class Stranger {
  readonly frames: Uint8Array[] = [];
  end: { readonly code: number; readonly reason: string } | undefined;
  readonly ws: WebSocket;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer) => this.frames.push(new Uint8Array(data)));
    ws.on('error', () => undefined);
    ws.on('close', (code, reason) => (this.end = { code, reason: reason.toString() }));
  }

  static async dial(port: number, path = PEER_PATH, protocol = PEER_SUBPROTOCOL): Promise<Stranger> {
    const stranger = new Stranger(new WebSocket(`ws://127.0.0.1:${port}${path}`, [protocol], { perMessageDeflate: false }));
    await once(stranger.ws, 'open');
    return stranger;
  }

  say(frame: Uint8Array): void {
    this.ws.send(frame);
  }

  greeting(index: number): Greeting {
    const frame = this.frames[index];
    assert.ok(frame !== undefined, `${this.frames.length} frames have arrived`);
    return decodeGreeting(frame);
  }

  async heard(frames: number): Promise<void> {
    await until(() => this.frames.length >= frames, `${frames} frames, got ${this.frames.length}`);
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string }> {
    await until(() => this.end !== undefined, 'the connection ends');
    return this.end ?? assert.fail();
  }
}

/** Greets as node 1 on both lanes up to and including `ready`. */
export async function greet(port: number, changes: Partial<Hello> = {}): Promise<Record<Lane, Stranger>> {
  const lanes = { control: await Stranger.dial(port), bulk: await Stranger.dial(port) };
  for (const lane of LANES) lanes[lane].say(encodeHello(helloOf({ ...changes, lane })));
  for (const lane of LANES) await lanes[lane].heard(1);
  for (const lane of LANES) lanes[lane].say(encodeReady());
  return lanes;
}

/** Takes the place of node 2 at the other end of a dial: answers each hello as `answer` says. */
export class FakeNode {
  readonly sockets: Stranger[] = [];
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });

  constructor(answer: (hello: Hello, stranger: Stranger) => void) {
    this.#server.on('connection', (ws) => {
      const stranger = new Stranger(ws);
      this.sockets.push(stranger);
      ws.once('message', (data: Buffer) => {
        const greeting = decodeGreeting(new Uint8Array(data));
        if (greeting.kind === 'hello') answer(greeting, stranger);
      });
    });
  }

  /** A well-behaved answer to `hello`. */
  static reply(hello: Hello, changes: Partial<Hello> = {}): Uint8Array {
    const answer = { ...hello, from: hello.to, to: hello.from, storageId: `storage-${hello.to}`, processNonce: `nonce-${hello.to}` };
    return encodeHello({ ...answer, incarnation: 1, ...changes });
  }

  async start(): Promise<string> {
    if (this.#server.address() === null) await once(this.#server, 'listening');
    const address = this.#server.address();
    assert.ok(address !== null && typeof address === 'object');
    return `127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    for (const ws of this.#server.clients) ws.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A TCP relay whose target can change: an address that stays while the node behind it comes and goes. */
export class Relay {
  targetPort = 0;
  readonly #server = createServer({ allowHalfOpen: true }, (inbound) => this.#relay(inbound));
  readonly #sockets = new Set<Socket>();

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert.ok(address !== null && typeof address === 'object');
    return `127.0.0.1:${address.port}`;
  }

  /** Both directions fall silent; nobody is told. */
  freeze(): void {
    for (const socket of this.#sockets) socket.unpipe();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(inbound: Socket): void {
    const outbound = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
