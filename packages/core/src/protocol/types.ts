/**
 * The nouns of the protocol: ballots, slots, values, membership, and the limits a replica works within.
 *
 * Plain readonly data; no behaviour, no I/O. Words are those of docs/vocabulary.md.
 */
declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Permanent number of a node, 1-based, never reused. At genesis: the position in `addrs`. */
export type NodeId = Branded<number, 'NodeId'>;
/** Position in the log, 1-based and below 2^53; 0 means "before the first slot". */
export type Slot = Branded<number, 'Slot'>;
/** This node's monotonic clock in milliseconds. Comparable only with itself, only during one incarnation. */
export type MonotonicMs = Branded<number, 'MonotonicMs'>;
/** Order of journal writes during one incarnation: 1, 2, 3 ...; 0 means "nothing to wait for". */
export type WriteSequence = Branded<number, 'WriteSequence'>;

export const asNodeId = (value: number): NodeId => value as NodeId;
export const asSlot = (value: number): Slot => value as Slot;
export const asMonotonicMs = (value: number): MonotonicMs => value as MonotonicMs;
export const asWriteSequence = (value: number): WriteSequence => value as WriteSequence;

export const SLOT_ZERO: Slot = asSlot(0);

/** Numbered right to propose; round first, node breaks ties. Round 0 is below every real ballot. */
export type Ballot = { readonly round: number; readonly node: NodeId };

/**
 * The content of a slot. `stampMs` is the proposing leader's wall clock; log time is computed from it when the
 * slot is applied (docs/protocol.md, "log time"). Two values are the same value only if all fields are equal.
 */
export type Value =
  /** Filler for a gap; no effect. */
  | { readonly kind: 'noop' }
  /** Opaque bytes: groups of commands as @quorate/wire's batch.ts lays them out. Never empty. */
  | { readonly kind: 'batch'; readonly stampMs: number; readonly bytes: Uint8Array };

export const NOOP: Value = { kind: 'noop' };

/** What one acceptor stored for a slot. May still be replaced by a higher ballot until the slot is chosen. */
export type AcceptedEntry = { readonly slot: Slot; readonly ballot: Ballot; readonly value: Value };

/**
 * A value known to be chosen. `ballot` is one at which the sender holds it; a receiver may store it under that
 * ballot because a chosen value is the only one that any higher ballot can propose.
 */
export type ChosenEntry = AcceptedEntry;

/** Which nodes vote. Ascending, no duplicates, never empty. */
export type Membership = { readonly voters: readonly NodeId[] };

/** Bounds and durations of the protocol. All durations in milliseconds of the monotonic clock. */
export type ProtocolLimits = {
  /** A leader proposes slot t only if t <= learnedSlot + windowSlots; also the delay of a membership change. */
  readonly windowSlots: number;
  /** Bytes of values in flight at a leader; a larger single value is still proposed when nothing else is. */
  readonly windowBytes: number;
  readonly heartbeatMs: number;
  /** A node that hears no live leader for a random time in [1, 2) x this starts a pre-vote. */
  readonly electionTimeoutMs: number;
  /** An accept that a peer has not acknowledged for this long is sent again. */
  readonly resendMs: number;
  /** Bytes of values in one Promise page or one catch-up answer. */
  readonly pageBytes: number;
  /** A peer's catch-up request covers at most this many slots. */
  readonly catchUpSlots: number;
  /** Reads that wait for a quorum round at one node; further ones are refused with OVERLOADED. */
  readonly maxWaitingReads: number;
};

export const DEFAULT_LIMITS: ProtocolLimits = {
  windowSlots: 256,
  windowBytes: 64 * 1024 * 1024,
  heartbeatMs: 100,
  electionTimeoutMs: 1000,
  resendMs: 250,
  pageBytes: 1024 * 1024,
  catchUpSlots: 256,
  maxWaitingReads: 65_536,
};
