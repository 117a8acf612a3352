/**
 * The contract between the pure core and its host: inputs, outputs, boot arguments and view.
 *
 * Duties of the host, in order, for every output: (1) hand `persist` to the journal in order; (2) send each
 * outgoing message once the journal write it names is durable, keeping order per receiver and lane;
 * (3) when writes are durable, feed `persisted`; (4) apply `deliver` in order; (5) answer `reads` and `settle`;
 * (6) serve `catchUp` from the journal. Inputs are fed one at a time; `step` is not re-entrant.
 */
import type { Lane, Message } from './message.ts';
import type {
  AcceptedEntry,
  Ballot,
  ChosenEntry,
  Membership,
  MonotonicMs,
  NodeId,
  ProtocolLimits,
  Slot,
  Value,
  WriteSequence,
} from './types.ts';

export type Input = { readonly at: MonotonicMs } /** Time has passed. At least every heartbeatMs / 2. */ & (
  | { readonly kind: 'tick' }
  /** The host has fed everything that was ready: send what was held back to be sent once. */
  | { readonly kind: 'turn' }
  | { readonly kind: 'receive'; readonly from: NodeId; readonly message: Message }
  /** Only to a leader with room in its window (`view().canPropose`); otherwise settled as refused. */
  | { readonly kind: 'propose'; readonly ticket: number; readonly value: Value }
  /** "Which slot must a read that starts now reflect?" */
  | { readonly kind: 'read'; readonly ticket: number }
  /** Everything up to this write is durable. */
  | { readonly kind: 'persisted'; readonly through: WriteSequence }
  /** The backend stored everything up to this slot. */
  | { readonly kind: 'applied'; readonly through: Slot }
  | { readonly kind: 'peer-up'; readonly peer: NodeId }
  | { readonly kind: 'peer-down'; readonly peer: NodeId }
  /** Hand leadership over, for a graceful stop. No effect unless leading. */
  | { readonly kind: 'resign' }
  /** Start an election at once (tests, transfer by an operator). */
  | { readonly kind: 'campaign' }
);

export type JournalWrite =
  | { readonly kind: 'promise'; readonly sequence: WriteSequence; readonly ballot: Ballot }
  /** Replaces what the slot held. Raises the durable promise to `entry.ballot` when it is higher. */
  | { readonly kind: 'accept'; readonly sequence: WriteSequence; readonly entry: AcceptedEntry }
  /** A value learned from a peer: stored as chosen, never replaced afterwards. Does not touch the promise. */
  | { readonly kind: 'chosen'; readonly sequence: WriteSequence; readonly entry: ChosenEntry }
  /** Every slot up to here is chosen, and the journal holds the chosen values. Needs no flush of its own. */
  | { readonly kind: 'learned'; readonly sequence: WriteSequence; readonly slot: Slot };

export type Outgoing = {
  readonly to: NodeId;
  readonly lane: Lane;
  /** Send only after this write is durable; 0 means at once. */
  readonly after: WriteSequence;
  readonly message: Message;
};

/**
 * Read `entries` of chosen slots from the journal and send them to `to` as CatchUpReply pages. Everything in the range
 * is durable when this comes out.
 */
export type CatchUpService = { readonly to: NodeId; readonly fromSlot: Slot; readonly untilSlot: Slot };

export type ReadAnswer =
  /** Serve the read once `appliedSlot >= slot`. */
  | { readonly ticket: number; readonly kind: 'ready'; readonly slot: Slot }
  /** No leader confirmed it; the read was not served and may be asked again. */
  | { readonly ticket: number; readonly kind: 'refused'; readonly reason: 'no-leader' | 'overloaded' };

export type Settlement =
  | { readonly ticket: number; readonly kind: 'proposed'; readonly slot: Slot; readonly ballot: Ballot }
  /** Certainly not proposed. */
  | { readonly ticket: number; readonly kind: 'refused'; readonly reason: 'not-leader' | 'window-full' };

export type Output = {
  /** Ascending by sequence. */
  readonly persist: readonly JournalWrite[];
  readonly send: readonly Outgoing[];
  /** Ascending, dense, continues where the last delivery ended; never repeats, never skips. */
  readonly deliver: readonly ChosenEntry[];
  readonly reads: readonly ReadAnswer[];
  readonly settle: readonly Settlement[];
  readonly catchUp: readonly CatchUpService[];
  /** True when role, ballot or known leader may have changed in this step. */
  readonly roleChanged: boolean;
};

export type Role = 'follower' | 'candidate' | 'leader';

/** Frozen copy of what a host or a checker may want to see. */
export type ReplicaView = {
  readonly self: NodeId;
  readonly role: Role;
  /** The ballot this node leads or campaigns with, or else the highest it promised. */
  readonly ballot: Ballot;
  readonly promised: Ballot;
  /** The node that this one believes to lead; undefined when it knows none. */
  readonly leader: NodeId | undefined;
  readonly learnedSlot: Slot;
  readonly appliedSlot: Slot;
  /** Leader only: highest slot proposed at this ballot. */
  readonly proposedSlot: Slot;
  /** Leader only: reads wait until the learned slot reaches this. */
  readonly readFloor: Slot;
  /** Leader with phase 1 complete and room in the window. */
  readonly canPropose: boolean;
  readonly quorumConnected: boolean;
  /** Accepted and not yet learned: ascending by slot. */
  readonly accepted: readonly AcceptedEntry[];
};

/** What the journal held at start. */
export type JournalImage = {
  readonly promised: Ballot;
  /** Slots up to here are chosen and the journal holds their values. */
  readonly learnedSlot: Slot;
  /** Everything above `learnedSlot`, ascending by slot; `chosen` marks values learned from a peer. */
  readonly accepted: readonly (AcceptedEntry & { readonly chosen: boolean })[];
};

export type ReplicaBoot = {
  readonly self: NodeId;
  /** Membership at genesis, in effect from slot 1. */
  readonly membership: Membership;
  readonly limits: ProtocolLimits;
  /**
   * Feeds the generator for election jitter and for the names of requests; any safe integer, another one in every
   * incarnation: answers to the last incarnation's requests must not fit this one's.
   */
  readonly seed: number;
  readonly recovered: JournalImage;
  /**
   * The backend's state at start. Below `recovered.learnedSlot` the host itself replays the difference from the
   * journal. Above it (a durable backend outran a journal that lost power) the slots between are learned again, from
   * what the journal or a peer holds, and not delivered again. Deliveries start above both.
   */
  readonly appliedSlot: Slot;
  readonly at: MonotonicMs;
};

export interface Replica {
  /** Synchronous, not re-entrant, never throws for anything that a peer can send. Throws INVARIANT on our bugs. */
  step(input: Input): Output;
  view(): ReplicaView;
  /** Cheap getters for the hot path; the same facts as `view()`. */
  readonly role: Role;
  readonly learnedSlot: Slot;
  readonly leader: NodeId | undefined;
  readonly canPropose: boolean;
}
