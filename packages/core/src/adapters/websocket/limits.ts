/**
 * Every bound of the links between nodes and of the connections from clients, with its unit and default. What
 * happens at a bound stands beside it; each case is also counted by name (see `counters` of the two adapters).
 */

/**
 * Largest frame between two nodes. Holds a page of promises or catch-up (1 MiB of values) and one value of the
 * largest size beside it. The receiver closes a link on which more arrives (WIRE_TOO_LARGE); `send` drops more.
 */
export const MAX_PEER_FRAME_BYTES: number = 16 * 1024 * 1024;

/** Largest frame from a client; the connection is closed on more. */
export const MAX_CLIENT_FRAME_BYTES: number = 8 * 1024 * 1024;

export type PeerLimits = {
  readonly maxFrameBytes: number;
  /** Waiting bytes per peer on the bulk lane; `send` drops what would go over and answers false. */
  readonly maxOutboundBytes: number;
  /** The same for the control lane, which carries small messages only. */
  readonly maxControlOutboundBytes: number;
  /** Accepted sockets that have not finished their greeting; more are answered 503. */
  readonly maxUngreetedSockets: number;
  /** Bytes that an accepted socket may send before its greeting is done; it is cut off on more. */
  readonly maxGreetingBytes: number;
  /** From the first byte of a dial, or from an accepted upgrade, until the greeting is done on both lanes. */
  readonly greetingTimeoutMs: number;
  /** A link is closed when nothing at all arrived on its control lane for so long, pings being answered. */
  readonly idleTimeoutMs: number;
  /** First and largest delay before a peer is dialled again. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** A socket that is being closed politely is destroyed after so long. */
  readonly closeTimeoutMs: number;
};

export const DEFAULT_PEER_LIMITS: PeerLimits = {
  maxFrameBytes: MAX_PEER_FRAME_BYTES,
  maxOutboundBytes: 64 * 1024 * 1024,
  maxControlOutboundBytes: 4 * 1024 * 1024,
  maxUngreetedSockets: 64,
  maxGreetingBytes: 64 * 1024,
  greetingTimeoutMs: 5000,
  idleTimeoutMs: 10_000,
  reconnectMinMs: 20,
  reconnectMaxMs: 1000,
  closeTimeoutMs: 1000,
};

export type ClientLimits = {
  readonly maxFrameBytes: number;
  /** Open connections; more are answered 503. */
  readonly maxConnections: number;
  /** Waiting bytes of one connection; a client that does not read is disconnected when they would go over. */
  readonly maxOutboundBytes: number;
  /** A connection that has sent no frame for so long after it was opened is closed. */
  readonly helloTimeoutMs: number;
  /** A connection on which nothing arrived for so long, pings being answered, is closed. */
  readonly idleTimeoutMs: number;
  /** A socket that is being closed politely is destroyed after so long. */
  readonly closeTimeoutMs: number;
};

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  maxFrameBytes: MAX_CLIENT_FRAME_BYTES,
  maxConnections: 1024,
  maxOutboundBytes: 64 * 1024 * 1024,
  helloTimeoutMs: 5000,
  idleTimeoutMs: 40_000,
  closeTimeoutMs: 1000,
};
