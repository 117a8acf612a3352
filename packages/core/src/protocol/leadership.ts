/**
 * The leader: how leadership begins, is kept up by echoes, and ends. What a leader proposes is the business of
 * replication.ts.
 *
 * Owns PHASE1-COVERS. Gives up when no quorum answers, when what phase 1 called chosen cannot be had, and when it is
 * asked to hand over.
 */
import { sameBallot } from './ballot.ts';
import { hasQuorumOfEchoes, sendHeartbeats } from './heartbeats.ts';
import { invariant } from './invariant.ts';
import { announceLearned, noteLearned } from './learned.ts';
import type { HeartbeatEcho } from './message.ts';
import { finishReadRound } from './reads.ts';
import { pump, reachedBy, resendAccepts, resendTo } from './replication.ts';
import { electionDelay, forgetLeader, stepDown } from './role.ts';
import {
  type Leadership,
  later,
  nextSlot,
  otherVoters,
  type PeerProgress,
  type ReplicaState,
  type SlotEntry,
} from './state.ts';
import { asSlot, type Ballot, type NodeId, type Slot } from './types.ts';

export type Mandate = {
  readonly ballot: Ballot;
  /** Chosen and known to somebody of the quorum; possibly not yet to us. */
  readonly chosenThrough: Slot;
  readonly readFloor: Slot;
  /** Ascending order not promised; slots in (chosenThrough, readFloor]. */
  readonly recovered: ReadonlyMap<Slot, SlotEntry>;
  readonly promisers: readonly NodeId[];
};

export function becomeLeader(state: ReplicaState, mandate: Mandate): void {
  invariant(
    sameBallot(mandate.ballot, state.promised),
    'PHASE1-COVERS',
    () => 'leading below our own promise',
  );
  const peers = new Map<NodeId, PeerProgress>();
  for (const node of otherVoters(state)) {
    peers.set(node, {
      throughSlot: mandate.chosenThrough,
      ranges: [],
      sentSlot: mandate.chosenThrough,
      progressAt: state.at,
      toldLearnedSlot: asSlot(0),
      echoSequence: 0,
      appliedSlot: asSlot(0),
      // A promise is as good a sign of life as an echo.
      echoAt: mandate.promisers.includes(node) ? state.at : later(state.at, -state.limits.electionTimeoutMs),
    });
  }
  if (state.following !== undefined) forgetLeader(state);
  state.leadership = {
    ballot: mandate.ballot,
    baseSlot: nextSlot(mandate.chosenThrough),
    readFloor: mandate.readFloor,
    recovered: mandate.recovered,
    recoveryDeadline: later(state.at, state.limits.electionTimeoutMs),
    proposedSlot: mandate.chosenThrough,
    inFlightBytes: 0,
    ownThroughSlot: mandate.chosenThrough,
    peers,
    heartbeatSequence: 0,
    heartbeatAt: state.at,
    waitingReads: [],
    readRound: undefined,
    resignDeadline: undefined,
  };
  state.effects.noteRoleChange();
  sendHeartbeats(state, state.leadership);
  pump(state);
}

export function onHeartbeatEcho(state: ReplicaState, from: NodeId, message: HeartbeatEcho): void {
  noteLearned(state, from, message.learnedSlot);
  const leadership = state.leadership;
  if (leadership === undefined || !sameBallot(message.ballot, leadership.ballot)) return;
  const peer = leadership.peers.get(from);
  if (
    peer === undefined ||
    message.sequence <= peer.echoSequence ||
    message.sequence > leadership.heartbeatSequence
  )
    return;
  peer.echoSequence = message.sequence;
  peer.echoAt = state.at;
  peer.appliedSlot = message.appliedSlot;
  finishReadRound(state, leadership);
}

export function tickLeader(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined) return;
  if (!hasQuorumOfEchoes(state, leadership)) {
    // Those who still hear us may elect somebody at once instead of waiting for their time-out.
    sendHeartbeats(state, leadership, false);
    stepDown(state);
    return;
  }
  if (state.learnedSlot < leadership.baseSlot - 1 && state.at >= leadership.recoveryDeadline) {
    // Nobody reachable has what phase 1 told us is chosen. Another quorum may know more.
    stepDown(state);
    return;
  }
  if (state.at >= leadership.heartbeatAt) sendHeartbeats(state, leadership);
  announceLearned(state);
  resendAccepts(state, leadership);
  tickResign(state, leadership);
}

/** A link came back: repeat at once what may have been lost with it, and say who leads. */
export function onPeerBack(state: ReplicaState, peer: NodeId): void {
  const leadership = state.leadership;
  const progress = leadership?.peers.get(peer);
  if (leadership === undefined || progress === undefined) return;
  sendHeartbeats(state, leadership);
  resendTo(state, leadership, peer, progress);
}

export function onResign(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined || leadership.peers.size === 0) return;
  leadership.resignDeadline ??= later(state.at, state.limits.electionTimeoutMs);
  tickResign(state, leadership);
}

/** Hands over to a peer that holds everything; at the deadline, to whoever wins. */
export function tickResign(state: ReplicaState, leadership: Leadership): void {
  if (leadership.resignDeadline === undefined || state.leadership !== leadership) return;
  const settled = state.learnedSlot >= leadership.proposedSlot && state.learnedSlot >= leadership.readFloor;
  const successor = settled ? successorOf(state, leadership) : undefined;
  if (successor !== undefined) {
    announceLearned(state);
    state.effects.send(successor, { kind: 'transfer', ballot: leadership.ballot });
  } else if (state.at < leadership.resignDeadline) {
    return;
  }
  stepDown(state);
  state.electionDeadline = electionDelay(state, 2, 3);
}

/**
 * Of the peers that hold everything, and were heard lately if any was: the one that has applied most, for its store
 * works; among equals the next by number. So leadership goes round, and two nodes that cannot serve do not hand it to
 * each other past a third one.
 */
function successorOf(state: ReplicaState, leadership: Leadership): NodeId | undefined {
  let best: { readonly node: NodeId; readonly rank: readonly number[] } | undefined;
  for (const [node, peer] of leadership.peers) {
    if (state.unreachable.has(node) || reachedBy(state, node, peer) < leadership.proposedSlot) continue;
    const isHeard = state.at - peer.echoAt < state.limits.electionTimeoutMs;
    const rank = [Number(isHeard), peer.appliedSlot, Number(node > state.self), -Number(node)];
    if (best === undefined || isAbove(rank, best.rank)) best = { node, rank };
  }
  return best?.node;
}

/** By the first number that differs. */
function isAbove(left: readonly number[], right: readonly number[]): boolean {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at >= 0 && (left[at] ?? 0) > (right[at] ?? 0);
}
