/**
 * The accepting side of the links: upgrades on `/peer`, the greeting of each socket within a time, a number of
 * bytes and a number of sockets, and the hand-over to the peer's link.
 *
 * A stranger can hold at most `maxUngreetedSockets` sockets of `maxGreetingBytes` for `greetingTimeoutMs`.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import type { NodeId } from '../../protocol/types.ts';
import { offersSubprotocol, refuseUpgrade, remoteOf } from '../http/upgrade.ts';
import { CLOSE_GOING_AWAY } from './close-codes.ts';
import type { PeerContext } from './context.ts';
import { judgeHello, ownHello, readGreeting } from './greeting.ts';
import { encodeHello, type Hello, PEER_SUBPROTOCOL } from './hello.ts';
import type { LanePair } from './lane-pair.ts';
import type { PeerLink } from './peer-link.ts';
import { PeerSocket } from './peer-socket.ts';
import { createWebSocketServer } from './ws-server.ts';

/** An accepted socket until its greeting is done. `leave` gives its place free; idempotent. */
type Guest = { readonly socket: PeerSocket; readonly remote: string; readonly leave: () => void };

export class Acceptor {
  readonly #context: PeerContext;
  readonly #linkOf: (from: NodeId) => PeerLink | undefined;
  readonly #webSockets: WebSocketServer;
  /** At most `maxUngreetedSockets`. */
  readonly #guests = new Set<PeerSocket>();

  /** `linkOf` knows the peers that dial this node. */
  constructor(context: PeerContext, linkOf: (from: NodeId) => PeerLink | undefined) {
    this.#context = context;
    this.#linkOf = linkOf;
    this.#webSockets = createWebSocketServer(context.options.limits, PEER_SUBPROTOCOL);
  }

  get guestCount(): number {
    return this.#guests.size;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { limits } = this.#context.options;
    if (this.#context.handlers === undefined)
      return this.#refuse(socket, 503, 'this node does not take peers now');
    if (request.headers.origin !== undefined)
      return this.#refuse(socket, 403, 'pages of a browser do not speak to this path');
    if (!offersSubprotocol(request, PEER_SUBPROTOCOL)) {
      return this.#refuse(socket, 400, `the WebSocket sub-protocol ${PEER_SUBPROTOCOL} is wanted`);
    }
    if (this.#guests.size >= limits.maxUngreetedSockets)
      return this.#refuse(socket, 503, 'too many unfinished greetings');
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      this.#receive(new PeerSocket(ws, this.#context.counters, request.socket), remoteOf(request));
    });
  }

  /** Closes the sockets whose greeting is not done. */
  stop(): void {
    for (const socket of this.#guests) socket.close(CLOSE_GOING_AWAY, 'this node stops');
  }

  #refuse(socket: Duplex, status: number, message: string): void {
    this.#context.counters.add(`upgradesRefused.${status}`);
    refuseUpgrade(socket, status, message);
  }

  #receive(socket: PeerSocket, remote: string): void {
    const { clock, limits } = this.#context.options;
    this.#context.counters.add('accepts');
    this.#guests.add(socket);
    const timer = clock.after(limits.greetingTimeoutMs, () => {
      this.#context.counters.add('greetingTimeouts');
      socket.destroy(`no greeting within ${limits.greetingTimeoutMs} ms`);
    });
    const lift = socket.limitBytes(limits.maxGreetingBytes, () => {
      this.#context.refuse(
        socket,
        { code: 'WIRE_TOO_LARGE', message: 'the greeting is too long' },
        0,
        remote,
      );
    });
    const leave = (): void => {
      timer.cancel();
      lift();
      this.#guests.delete(socket);
    };
    socket.onEnded = leave;
    socket.onFrame = (frame) => this.#onHello({ socket, remote, leave }, frame);
  }

  #onHello(guest: Guest, frame: Uint8Array): void {
    const { socket, remote } = guest;
    const verdict = judgeHello(this.#context, frame, this.#linkOf);
    if (verdict.kind === 'refuse') return this.#context.refuse(socket, verdict.refusal, 0, remote);
    if (verdict.kind === 'rejected') {
      // Nobody refuses what has not been said: this is noise, and must not reach the owner.
      return this.#context.refuse(
        socket,
        { code: 'WIRE_MALFORMED', message: 'a hello must come first' },
        0,
        remote,
      );
    }
    const { hello, link } = verdict;
    const pair = link.pairFor(hello);
    if ('code' in pair) return this.#context.refuse(socket, pair, hello.from, remote);
    pair.add(hello.lane, socket);
    socket.onEnded = (why) => {
      guest.leave();
      link.end(pair, why);
    };
    socket.onFrame = (next) => this.#onReady(guest, link, pair, hello, next);
    socket.send(encodeHello(ownHello(this.#context, hello.from, hello.lane, hello.attempt)));
  }

  #onReady(guest: Guest, link: PeerLink, pair: LanePair, hello: Hello, frame: Uint8Array): void {
    const { socket, remote } = guest;
    const greeting = readGreeting(frame);
    if (greeting.kind === 'reject') {
      this.#context.refusedBy(hello.from, greeting);
      return link.end(pair, `refused by the peer: ${greeting.code ?? 'UNKNOWN'}`);
    }
    if (greeting.kind !== 'ready' || !pair.isComplete) {
      const refusal =
        greeting.kind === 'unreadable'
          ? greeting.refusal
          : ({ code: 'WIRE_MALFORMED', message: 'a greeting out of turn' } as const);
      return this.#context.refuse(socket, refusal, hello.from, remote);
    }
    guest.leave();
    link.open(pair, hello.lane);
    link.establish(pair);
  }
}
