/**
 * The Transport port over WebSockets: one link of two lanes per peer. The node with the lower id dials, the other
 * one accepts upgrades on `/peer` of its server.
 *
 * Owns the set of links and their life. Leaves to others: the greeting (hello.ts, greeting.ts), who dials when
 * (dialer.ts), accepting (acceptor.ts), up and down of one link (peer-link.ts), bytes on a socket
 * (peer-socket.ts). Frames are opaque here.
 */
import { randomBytes } from 'node:crypto';
import { QuorateError } from '@quorate/wire';
import type { Clock } from '../../ports/clock.ts';
import { type Logger, SILENT_LOGGER } from '../../ports/logger.ts';
import type { Transport, TransportHandlers } from '../../ports/transport.ts';
import type { Lane } from '../../protocol/message.ts';
import type { NodeId } from '../../protocol/types.ts';
import type { UpgradeHandler } from '../http/upgrade.ts';
import { Acceptor } from './acceptor.ts';
import type { Admission, LocalIdentity } from './admission.ts';
import { CLOSE_GOING_AWAY, CLOSE_UNREADABLE, closeReason } from './close-codes.ts';
import { PeerContext } from './context.ts';
import { Dialer } from './dialer.ts';
import { DEFAULT_PEER_LIMITS, type PeerLimits } from './limits.ts';
import { PeerLink } from './peer-link.ts';
import { peerUrl } from './peer-socket.ts';

export type PeerAddress = {
  readonly node: NodeId;
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string;
};

export type WebSocketTransportOptions = {
  readonly identity: LocalIdentity;
  /** Every other member, any order. */
  readonly peers: readonly PeerAddress[];
  /**
   * The owner's verdict on a peer that has said a matching Hello, asked for each lane. What it remembers must be
   * flushed when it returns; it must not throw.
   */
  readonly admitPeer: (
    node: NodeId,
    storageId: string,
    incarnation: number,
    processNonce: string,
  ) => Admission;
  /** A peer knows another storage under our number: the owner stops this node. */
  readonly onDisowned: (peer: NodeId, message: string) => void;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** From [0, 1), for the jitter of reconnects. */
  readonly random?: () => number;
  readonly limits?: Partial<PeerLimits>;
};

export type PeerLinkStatus = {
  readonly node: NodeId;
  readonly up: boolean;
  /** Highest incarnation seen; 0 before the first. */
  readonly incarnation: number;
  readonly queuedBytes: number;
};

/** After `close` no handler is called any more. */
export interface WebSocketTransport extends Transport {
  /** For the server's path `/peer`. */
  readonly upgrade: UpgradeHandler;
  /** Ends every link, to be dialled again: what this node says of itself in a greeting has changed. */
  greetAgain(why: string): void;
  /** How often things happened, by name. */
  counters(): Readonly<Record<string, number>>;
  /** Ascending by node. */
  links(): readonly PeerLinkStatus[];
}

/** @throws CONFIG_INVALID when an address cannot be dialled or a node is listed twice. */
export function createWebSocketTransport(options: WebSocketTransportOptions): WebSocketTransport {
  return new TransportOverWebSockets(options);
}

class TransportOverWebSockets implements WebSocketTransport {
  readonly upgrade: UpgradeHandler;
  readonly #context: PeerContext;
  /** By node, ascending. */
  readonly #links = new Map<NodeId, PeerLink>();
  readonly #dialers: Dialer[] = [];
  readonly #acceptor: Acceptor;

  constructor(options: WebSocketTransportOptions) {
    const self = options.identity.node;
    this.#context = contextOf(options);
    for (const { node, address } of [...options.peers].sort((left, right) => left.node - right.node)) {
      checkPeer(node, address, this.#links.has(node) || node === self);
      const link = new PeerLink(this.#context, node);
      this.#links.set(node, link);
      if (self < node) this.#dialers.push(new Dialer(this.#context, link, address));
    }
    this.#acceptor = new Acceptor(this.#context, (from) => (from < self ? this.#links.get(from) : undefined));
    this.upgrade = (request, socket, head) => this.#acceptor.upgrade(request, socket, head);
  }

  start(handlers: TransportHandlers): void {
    this.#context.handlers = handlers;
    for (const dialer of this.#dialers) dialer.dial();
  }

  send(to: NodeId, lane: Lane, frame: Uint8Array): boolean {
    return this.#links.get(to)?.send(lane, frame) ?? false;
  }

  queuedBytes(to: NodeId): number {
    return this.#links.get(to)?.queuedBytes ?? 0;
  }

  reject(peer: NodeId, code: string, reason: string): void {
    this.#context.counters.add(`unreadable.${code}`);
    const text = closeReason(`${code}: ${reason}`);
    this.#context.warn(`unreadable ${code} ${peer}`, 'a node sent something that cannot be read', {
      peer,
      code,
      reason,
    });
    this.#links.get(peer)?.endCurrent(text, { code: CLOSE_UNREADABLE, reason: text });
  }

  greetAgain(why: string): void {
    for (const link of this.#links.values()) link.endCurrent(why, { code: CLOSE_GOING_AWAY, reason: why });
  }

  close(): Promise<void> {
    this.#context.handlers = undefined;
    for (const dialer of this.#dialers) dialer.stop();
    this.#acceptor.stop();
    for (const link of this.#links.values())
      link.endCurrent('this node stops', { code: CLOSE_GOING_AWAY, reason: 'this node stops' });
    // Sockets that take their leave are destroyed by ws after `closeTimeoutMs`; nobody has to wait for them.
    return Promise.resolve();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#context.counters.snapshot(), ungreeted: this.#acceptor.guestCount };
  }

  links(): readonly PeerLinkStatus[] {
    return [...this.#links.values()].map(({ node, isUp, incarnation, queuedBytes }) => ({
      node,
      up: isUp,
      incarnation,
      queuedBytes,
    }));
  }
}

function contextOf(options: WebSocketTransportOptions): PeerContext {
  return new PeerContext({
    identity: options.identity,
    processNonce: randomBytes(16).toString('hex'),
    limits: { ...DEFAULT_PEER_LIMITS, ...options.limits },
    clock: options.clock,
    logger: options.logger ?? SILENT_LOGGER,
    random: options.random ?? Math.random,
    admitPeer: options.admitPeer,
    onDisowned: options.onDisowned,
  });
}

function checkPeer(node: NodeId, address: string, isTaken: boolean): void {
  if (isTaken) throw new QuorateError('CONFIG_INVALID', `node ${node} is listed twice`);
  try {
    peerUrl(address);
  } catch (cause) {
    throw new QuorateError('CONFIG_INVALID', `${address} is not an address of the form host:port`, { cause });
  }
}
