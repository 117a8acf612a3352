/**
 * Every message that one replica sends to another. Immutable data; `docs/protocol.md` has the table of who
 * sends what to whom and which journal write it waits for, and the ladders.
 *
 * A receiver treats every field as coming from a stranger: late, duplicated, reordered, from a dead ballot.
 */
import type { AcceptedEntry, Ballot, ChosenEntry, NodeId, Slot, Value } from './types.ts';

export type Message =
  | Heartbeat
  | HeartbeatEcho
  | PreVote
  | PreVoteReply
  | Prepare
  | Promise_
  | Nack
  | Accept
  | Accepted
  | Learned
  | CatchUpRequest
  | CatchUpReply
  | ReadIndexRequest
  | ReadIndexReply
  | Transfer;

/** Leader -> all, periodically and whenever a read waits. Control lane; waits for nothing. */
export type Heartbeat = {
  readonly kind: 'heartbeat';
  readonly ballot: Ballot;
  /** Rises with every heartbeat of this ballot; an echo names the one it answers. */
  readonly sequence: number;
  readonly learnedSlot: Slot;
  /** Quorum-connected: the leader has heard a quorum's echoes within the election timeout. */
  readonly quorumConnected: boolean;
};

/** Any -> leader. Sent only while the sender's promised ballot equals the heartbeat's. Control lane. */
export type HeartbeatEcho = {
  readonly kind: 'heartbeat-echo';
  readonly ballot: Ballot;
  readonly sequence: number;
  readonly learnedSlot: Slot;
  readonly appliedSlot: Slot;
};

/** "Would you promise this ballot?" Changes nothing durable anywhere. Control lane. */
export type PreVote = { readonly kind: 'pre-vote'; readonly ballot: Ballot };

export type PreVoteReply = {
  readonly kind: 'pre-vote-reply';
  /** The ballot asked about. */
  readonly ballot: Ballot;
  readonly granted: boolean;
  /** Highest ballot the sender is bound to; the asker's next round goes above it. */
  readonly promised: Ballot;
};

/** Phase 1 for every slot from `fromSlot` on. Waits for the candidate's own promise to be durable. */
export type Prepare = {
  readonly kind: 'prepare';
  readonly ballot: Ballot;
  readonly fromSlot: Slot;
  /** Rises with every (re)send of this ballot, so that pages of two answers are never mixed. */
  readonly attempt: number;
};

/** One page of the answer to a Prepare. Waits for the promise to be durable. */
export type Promise_ = {
  readonly kind: 'promise';
  readonly ballot: Ballot;
  readonly attempt: number;
  /** Random for each answer: a Prepare that arrives twice is answered twice, and the pages may be cut differently. */
  readonly answer: number;
  /** 0-based; a promise counts once all `pageCount` pages of one answer are there. */
  readonly page: number;
  readonly pageCount: number;
  /** Slots up to here are chosen and known to the sender: they are fetched by catch-up, not listed. */
  readonly learnedSlot: Slot;
  /** Ascending by slot, each above both `learnedSlot` and the Prepare's `fromSlot` - 1. May have gaps. */
  readonly entries: readonly AcceptedEntry[];
};

/** Refusal of a Prepare, Accept or Heartbeat at a ballot below the sender's. */
export type Nack = {
  readonly kind: 'nack';
  /** The refused ballot. */
  readonly ballot: Ballot;
  readonly promised: Ballot;
};

/** Phase 2 for one slot. May leave before the leader's own acceptance is durable. */
export type Accept = {
  readonly kind: 'accept';
  readonly ballot: Ballot;
  /** First slot that this leader proposed at this ballot; acknowledgements count from here. */
  readonly baseSlot: Slot;
  readonly slot: Slot;
  readonly value: Value;
  /** The leader's learned slot: piggybacked `Learned`. */
  readonly learnedSlot: Slot;
};

/** Cumulative acknowledgement, one per turn. Waits for the acceptances it covers to be durable. */
export type Accepted = {
  readonly kind: 'accepted';
  readonly ballot: Ballot;
  /** Every slot from the leader's `baseSlot` to here is accepted at exactly `ballot`, or known chosen. */
  readonly throughSlot: Slot;
  /** Further accepted slots above `throughSlot`: ascending, disjoint, half-open, within the window. */
  readonly ranges: readonly SlotRange[];
};

export type SlotRange = { readonly fromSlot: Slot; readonly untilSlot: Slot };

/** Leader -> all when the learned slot rose and nothing else carries the news this turn. */
export type Learned = { readonly kind: 'learned'; readonly ballot: Ballot; readonly learnedSlot: Slot };

/** "Send me chosen values from here." To any peer. */
export type CatchUpRequest = {
  readonly kind: 'catch-up-request';
  readonly fromSlot: Slot;
  readonly untilSlot: Slot;
};

/** Chosen values, dense and ascending from `fromSlot`. May hold fewer than asked for. */
export type CatchUpReply = {
  readonly kind: 'catch-up-reply';
  readonly fromSlot: Slot;
  readonly entries: readonly ChosenEntry[];
  /** The sender's learned slot, so that the receiver knows how far it is behind. */
  readonly learnedSlot: Slot;
};

/** Follower -> leader: "which slot must a read that starts now reflect?" Control lane. */
export type ReadIndexRequest = { readonly kind: 'read-index-request'; readonly id: number };

export type ReadIndexReply = {
  readonly kind: 'read-index-reply';
  readonly id: number;
  /** 0 when refused: the sender does not lead. */
  readonly slot: Slot;
  readonly refused: boolean;
};

/** Leader -> its successor: campaign now, without a pre-vote. Control lane. */
export type Transfer = { readonly kind: 'transfer'; readonly ballot: Ballot };

/** Which connection carries a message: control is never queued behind bulk. */
export type Lane = 'control' | 'bulk';

export type Addressed = { readonly to: NodeId; readonly message: Message };
