/**
 * Everything one replica knows, in one place. Topic files (acceptor, acceptance, learner, learned, election,
 * campaign, leadership, replication, reads) change it; nothing outside `protocol/` sees it. Field comments are invariants.
 */
import { maxBallot, ZERO_BALLOT } from './ballot.ts';
import { Effects } from './effects.ts';
import { MembershipHistory } from './membership.ts';
import type { SlotRange } from './message.ts';
import { createRandom, type Random } from './random.ts';
import type { CatchUpService, ReplicaBoot } from './replica-types.ts';
import {
  asSlot,
  asWriteSequence,
  type Ballot,
  type MonotonicMs,
  type NodeId,
  type ProtocolLimits,
  type Slot,
  type Value,
  type WriteSequence,
} from './types.ts';

/** What this acceptor holds for a slot that it has not learned yet. Structurally an AcceptedEntry. */
export type SlotRecord = {
  readonly slot: Slot;
  readonly ballot: Ballot;
  readonly value: Value;
  /** Learned from a peer: the value is the chosen one, whatever ballots come. */
  readonly chosen: boolean;
  /** The journal write that makes it durable; 0 when it was there at start. */
  readonly write: WriteSequence;
};

/** Whom this node believes to lead. */
export type Following = {
  readonly leader: NodeId;
  readonly ballot: Ballot;
  lastHeardAt: MonotonicMs;
  /** False once the leader said that it lost its quorum, or its link broke. */
  connected: boolean;
};

/** Acknowledgement owed to the leader of `ballot`. */
export type AckState = {
  readonly ballot: Ballot;
  readonly baseSlot: Slot;
  /** Every slot of [baseSlot, throughSlot] is held at exactly `ballot` or known chosen. */
  throughSlot: Slot;
  /** Highest slot accepted at `ballot`. */
  highestSlot: Slot;
  /** The newest write that the acknowledgement covers. */
  after: WriteSequence;
  /** Something to tell since the last turn. */
  dirty: boolean;
};

/** The answer of one acceptor to a Prepare, page by page. */
export type PromiseProgress = {
  readonly attempt: number;
  readonly answer: number;
  readonly pageCount: number;
  readonly pages: Map<number, readonly SlotEntry[]>;
  readonly learnedSlot: Slot;
};
export type SlotEntry = { readonly slot: Slot; readonly ballot: Ballot; readonly value: Value };

export type Campaign =
  | {
      readonly phase: 'pre-vote';
      readonly ballot: Ballot;
      readonly granted: Set<NodeId>;
      readonly refused: Set<NodeId>;
      readonly deadline: MonotonicMs;
    }
  | {
      readonly phase: 'prepare';
      readonly ballot: Ballot;
      readonly fromSlot: Slot;
      /** The write of our own promise; it counts once this is durable, and Prepare leaves only then. */
      readonly write: WriteSequence;
      attempt: number;
      resendAt: MonotonicMs;
      readonly deadline: MonotonicMs;
      readonly promises: Map<NodeId, PromiseProgress>;
    };

/** What a leader knows of one other voter. */
export type PeerProgress = {
  /** Every slot from the leader's base to here is accepted there at our ballot. */
  throughSlot: Slot;
  ranges: readonly SlotRange[];
  /** Highest slot sent to it at this ballot. */
  sentSlot: Slot;
  /** Last acknowledgement progress or resend. */
  progressAt: MonotonicMs;
  /** The learned slot that it was last told. */
  toldLearnedSlot: Slot;
  /** Highest heartbeat that it echoed, and when the echo came. */
  echoSequence: number;
  echoAt: MonotonicMs;
  /** How far its backend was, as of that echo. */
  appliedSlot: Slot;
};

export type WaitingRead =
  | { readonly kind: 'local'; readonly ticket: number; readonly slot: Slot }
  | { readonly kind: 'remote'; readonly from: NodeId; readonly id: number; readonly slot: Slot };

export type Leadership = {
  readonly ballot: Ballot;
  /** First slot proposed at this ballot; below it everything is chosen and fetched by catch-up if missing here. */
  readonly baseSlot: Slot;
  /** Highest slot that any promise of the phase-1 quorum revealed: recovery ends here, reads wait for it. */
  readonly readFloor: Slot;
  /** Values revealed in phase 1, by slot in [baseSlot, readFloor]; missing ones become no-ops. */
  readonly recovered: ReadonlyMap<Slot, SlotEntry>;
  /** Catch-up to baseSlot - 1 must progress by then, or leadership is given up. */
  recoveryDeadline: MonotonicMs;
  proposedSlot: Slot;
  /** Bytes of values proposed and not learned. */
  inFlightBytes: number;
  /** Our own acceptances up to here are durable. */
  ownThroughSlot: Slot;
  readonly peers: Map<NodeId, PeerProgress>;
  heartbeatSequence: number;
  heartbeatAt: MonotonicMs;
  /** Reads that no heartbeat was sent for yet. */
  waitingReads: WaitingRead[];
  /** Reads that wait for a quorum of echoes of `sequence` or later. */
  readRound: { readonly sequence: number; readonly reads: readonly WaitingRead[] } | undefined;
  /** Set while leadership is being handed over: nothing new is proposed. */
  resignDeadline: MonotonicMs | undefined;
};

export type ReplicaState = {
  readonly self: NodeId;
  readonly limits: ProtocolLimits;
  readonly memberships: MembershipHistory;
  readonly random: Random;
  readonly effects: Effects;
  /** Time of the input under way. */
  at: MonotonicMs;
  lastTickAt: MonotonicMs;

  /** Highest ballot this acceptor is bound to. Never decreases. */
  promised: Ballot;
  /** Highest ballot heard of; the next campaign goes above it. */
  highestSeen: Ballot;
  /** Slots above learnedSlot only; at most acceptAheadSlots(limits) of them. */
  readonly records: Map<Slot, SlotRecord>;
  ack: AckState | undefined;
  /** Writes up to here are durable. */
  durable: WriteSequence;

  /** Every slot up to here is known to be chosen. Never decreases. */
  learnedSlot: Slot;
  /** The backend had everything up to here at start: deliveries begin above it, also when learning begins below. */
  readonly deliveredAtStart: Slot;
  persistedLearnedSlot: Slot;
  appliedSlot: Slot;
  /** "Chosen up to `slot`", said by the leader of `ballot`: teaches only values held at that very ballot. */
  watermark: { readonly ballot: Ballot; readonly slot: Slot };
  /** Highest learned slot heard from each peer. */
  readonly peerLearned: Map<NodeId, Slot>;
  catchUp: { readonly to: NodeId; readonly deadline: MonotonicMs } | undefined;
  /** Requests of peers that wait until everything learned is durable; the newest of each. */
  readonly waitingServices: Map<NodeId, CatchUpService & { readonly after: WriteSequence }>;
  /** Left catch-up requests without an answer since anybody answered one: others are asked first. */
  readonly silentPeers: Set<NodeId>;
  /** Since when somebody was known to be ahead without our learned slot moving. */
  behindSince: MonotonicMs | undefined;
  probeAt: MonotonicMs;

  /** Links reported down. Everybody else is assumed to be reachable. */
  readonly unreachable: Set<NodeId>;
  following: Following | undefined;
  /** The newest heartbeat that was heard, also of a leader that was given up since: a late copy is no sign of life. */
  newestHeartbeat: { readonly ballot: Ballot; readonly sequence: number };
  electionDeadline: MonotonicMs;
  campaign: Campaign | undefined;
  leadership: Leadership | undefined;

  /** Reads asked of the leader, by request id. */
  readonly remoteReads: Map<number, { readonly ticket: number; readonly askedAt: MonotonicMs }>;
  nextReadId: number;
};

/** A follower holds accepts at most this far above its learned slot; the rest reaches it by catch-up. */
export function acceptAheadSlots(limits: ProtocolLimits): number {
  return limits.windowSlots * 4;
}

export function createState(boot: ReplicaBoot): ReplicaState {
  const { recovered, limits } = boot;
  const { learnedSlot } = recovered;
  const records = new Map<Slot, SlotRecord>();
  let promised = recovered.promised;
  for (const { slot, ballot, value, chosen } of recovered.accepted) {
    // A chosen value may carry a ballot that this acceptor never joined; an accepted one binds it.
    if (!chosen) promised = maxBallot(promised, ballot);
    if (slot > learnedSlot) records.set(slot, { slot, ballot, value, chosen, write: asWriteSequence(0) });
  }
  const rank = Math.max(0, boot.membership.voters.indexOf(boot.self));
  const random = createRandom(boot.seed);
  return {
    self: boot.self,
    limits,
    memberships: new MembershipHistory(boot.membership),
    random,
    effects: new Effects(),
    at: boot.at,
    lastTickAt: boot.at,
    promised,
    highestSeen: promised,
    records,
    ack: undefined,
    durable: asWriteSequence(0),
    learnedSlot,
    deliveredAtStart: asSlot(Math.max(learnedSlot, boot.appliedSlot)),
    persistedLearnedSlot: learnedSlot,
    appliedSlot: boot.appliedSlot,
    watermark: { ballot: ZERO_BALLOT, slot: asSlot(0) },
    peerLearned: new Map(),
    catchUp: undefined,
    waitingServices: new Map(),
    silentPeers: new Set(),
    behindSince: undefined,
    probeAt: boot.at,
    unreachable: new Set(),
    following: undefined,
    newestHeartbeat: { ballot: ZERO_BALLOT, sequence: 0 },
    // Lower-numbered nodes try first, so that a fresh cluster starts without a duel.
    electionDeadline: later(boot.at, limits.heartbeatMs * (0.5 + rank * 1.5 + random.fraction())),
    campaign: undefined,
    leadership: undefined,
    remoteReads: new Map(),
    // Not 1 again after a restart: an answer to a read of the last incarnation may still be on its way.
    nextReadId: random.uint32() * 2 ** 16,
  };
}

export function later(at: MonotonicMs, ms: number): MonotonicMs {
  return (at + ms) as MonotonicMs;
}

export function nextSlot(slot: Slot): Slot {
  return asSlot(slot + 1);
}

/** Bytes of a value that count against windows and pages. */
export function valueBytes(value: Value): number {
  return value.kind === 'noop' ? 16 : value.bytes.length + 32;
}

export function sameValue(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (left.kind === 'noop' || right.kind === 'noop') return left.kind === right.kind;
  if (left.stampMs !== right.stampMs || left.bytes.length !== right.bytes.length) return false;
  if (left.bytes === right.bytes) return true;
  for (let index = 0; index < left.bytes.length; index++) {
    if (left.bytes[index] !== right.bytes[index]) return false;
  }
  return true;
}

/** Memberships whose quorum a ballot needs now: every one in effect in the window above the learned slot. */
export function currentMemberships(state: ReplicaState): ReturnType<MembershipHistory['inEffect']> {
  return state.memberships.inEffect(
    nextSlot(state.learnedSlot),
    asSlot(state.learnedSlot + 1 + state.limits.windowSlots),
  );
}

/** Every voter but this node. */
export function otherVoters(state: ReplicaState): readonly NodeId[] {
  const until = asSlot(state.learnedSlot + 1 + state.limits.windowSlots);
  return state.memberships.nodes(nextSlot(state.learnedSlot), until).filter((node) => node !== state.self);
}

export function isVoter(state: ReplicaState, node: NodeId): boolean {
  return currentMemberships(state).some((membership) => membership.voters.includes(node));
}
