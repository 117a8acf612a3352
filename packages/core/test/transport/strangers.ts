/**
 * The other side of a connection, driven by hand: strangers that speak the greeting as a test tells them, a stand-in
 * for a node that is dialled, and a relay that can change its target or fall silent.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import {
  decodeGreeting,
  encodeHello,
  encodeReady,
  type Greeting,
  type Hello,
  PEER_PATH,
  PEER_SUBPROTOCOL,
} from '#src/adapters/websocket/hello.ts';
import { asNodeId, type Lane } from '#src/ports/index.ts';
import { LANES, until } from './harness.ts';

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
    backend: [
      ['backend', 'kv'],
      ['version', '15'],
    ],
    ...changes,
  };
}

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
    const stranger = new Stranger(
      new WebSocket(`ws://127.0.0.1:${port}${path}`, [protocol], { perMessageDeflate: false }),
    );
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
    const answer = {
      ...hello,
      from: hello.to,
      to: hello.from,
      storageId: `storage-${hello.to}`,
      processNonce: `nonce-${hello.to}`,
    };
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
