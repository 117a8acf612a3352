/**
 * The leader: proposes values for slots at its ballot, counts acceptances, and finds out when it is over.
 *
 * Owns WINDOW, PHASE1-COVERS and the counting half of AGREEMENT: a slot is chosen when a phase-2 quorum of the
 * membership of that very slot accepted at this very ballot; our own acceptance counts when it is durable, like any
 * other. First it proposes again what phase 1 revealed, then new values; both flow through the same window.
 * Ref: PMMC 4.2-4.3 for the window; docs/protocol.md for cumulative acknowledgement.
 */

import { acceptValue } from './acceptor.ts';
import { sameBallot } from './ballot.ts';
import { hasQuorumOfEchoes, sendHeartbeats } from './heartbeats.ts';
import { invariant } from './invariant.ts';
import { learnNext, noteLearned } from './learner.ts';
import type { Accepted, HeartbeatEcho } from './message.ts';
import { isPhase2Quorum } from './quorum.ts';
import { finishReadRound } from './reads.ts';
import { electionDelay, forgetLeader, stepDown } from './role.ts';
import {
  type Leadership,
  later,
  nextSlot,
  otherVoters,
  type PeerProgress,
  type ReplicaState,
  type SlotEntry,
  sameValue,
  valueBytes,
} from './state.ts';
import { asSlot, type Ballot, NOOP, type NodeId, type Slot, type Value } from './types.ts';

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

/** Proposes again what phase 1 revealed, as far as the window allows. */
function pump(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined) return;
  while (leadership.proposedSlot < leadership.readFloor && hasRoom(state, leadership)) {
    const slot = nextSlot(leadership.proposedSlot);
    proposeAt(state, leadership, slot, leadership.recovered.get(slot)?.value ?? NOOP);
  }
}

function hasRoom(state: ReplicaState, leadership: Leadership): boolean {
  if (leadership.proposedSlot >= state.learnedSlot + state.limits.windowSlots) return false;
  return leadership.inFlightBytes === 0 || leadership.inFlightBytes < state.limits.windowBytes;
}

/** Phase 1 is worked off, nobody is taking over, and the window has room. */
export function canPropose(state: ReplicaState): boolean {
  const leadership = state.leadership;
  if (leadership === undefined || leadership.resignDeadline !== undefined) return false;
  return leadership.proposedSlot >= leadership.readFloor && hasRoom(state, leadership);
}

export function onPropose(state: ReplicaState, ticket: number, value: Value): void {
  const leadership = state.leadership;
  if (leadership === undefined || leadership.resignDeadline !== undefined) {
    state.effects.settle({ ticket, kind: 'refused', reason: 'not-leader' });
    return;
  }
  if (!canPropose(state)) {
    state.effects.settle({ ticket, kind: 'refused', reason: 'window-full' });
    return;
  }
  const slot = nextSlot(leadership.proposedSlot);
  proposeAt(state, leadership, slot, value);
  state.effects.settle({ ticket, kind: 'proposed', slot, ballot: leadership.ballot });
}

function proposeAt(state: ReplicaState, leadership: Leadership, slot: Slot, value: Value): void {
  invariant(
    slot <= state.learnedSlot + state.limits.windowSlots,
    'WINDOW',
    () => `slot ${slot}, learned ${state.learnedSlot}`,
  );
  const held = state.records.get(slot);
  if (held?.chosen === true) {
    invariant(sameValue(held.value, value), 'SAFE-VALUE', () => `slot ${slot} is chosen with another value`);
  }
  leadership.proposedSlot = slot;
  leadership.inFlightBytes += valueBytes(value);
  // Sent before our own flush: the peers write in parallel. Nobody counts our acceptance before it is durable.
  acceptValue(state, { slot, ballot: leadership.ballot, value });
  for (const [node, peer] of leadership.peers) sendAccept(state, leadership, node, peer, slot, value);
}

function sendAccept(
  state: ReplicaState,
  leadership: Leadership,
  node: NodeId,
  peer: PeerProgress,
  slot: Slot,
  value: Value,
): void {
  // A peer that is a window behind gets chosen values by catch-up; more accepts would only fill its queue. What it
  // learned that way counts as reached: it is not asked to acknowledge that, and would not without being asked.
  const reachedSlot = reachedBy(state, node, peer);
  if (state.unreachable.has(node) || slot > reachedSlot + state.limits.windowSlots * 2) return;
  if (slot > peer.sentSlot) peer.sentSlot = slot;
  peer.toldLearnedSlot = state.learnedSlot;
  const { ballot, baseSlot } = leadership;
  state.effects.send(node, { kind: 'accept', ballot, baseSlot, slot, value, learnedSlot: state.learnedSlot });
}

/** Up to here the peer holds what is chosen, whether by our accepts or by catch-up. */
function reachedBy(state: ReplicaState, node: NodeId, peer: PeerProgress): number {
  return Math.max(peer.throughSlot, state.peerLearned.get(node) ?? 0);
}

export function onAccepted(state: ReplicaState, from: NodeId, message: Accepted): void {
  const leadership = state.leadership;
  if (leadership === undefined || !sameBallot(message.ballot, leadership.ballot)) return; // SAME-BALLOT-COUNT.
  const peer = leadership.peers.get(from);
  // A peer that has learned more than our window holds says more than was asked: what was asked counts.
  const throughSlot = asSlot(Math.min(message.throughSlot, leadership.proposedSlot));
  if (peer === undefined || throughSlot < peer.throughSlot) return; // A late one; acknowledgements only grow.
  if (throughSlot > peer.throughSlot || message.ranges.length > 0) peer.progressAt = state.at;
  peer.throughSlot = throughSlot;
  peer.ranges = message.ranges;
  countChosen(state);
}

/** Our own acceptances became durable up to `state.durable`. */
export function onOwnDurable(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined) return;
  let slot = Math.max(leadership.ownThroughSlot, state.learnedSlot);
  for (;;) {
    const record = state.records.get(asSlot(slot + 1));
    if (record === undefined || slot >= leadership.proposedSlot || record.write > state.durable) break;
    if (!record.chosen && !sameBallot(record.ballot, leadership.ballot)) break;
    slot += 1;
  }
  leadership.ownThroughSlot = asSlot(slot);
  countChosen(state);
}

/** Learns every next slot that a quorum of its membership accepted at our ballot. */
function countChosen(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined) return;
  const before = state.learnedSlot;
  while (state.learnedSlot < leadership.proposedSlot) {
    const slot = nextSlot(state.learnedSlot);
    if (slot < leadership.baseSlot) break; // Catch-up is on its way.
    const accepted = (node: NodeId): boolean =>
      node === state.self ? slot <= leadership.ownThroughSlot : covers(leadership.peers.get(node), slot);
    if (!isPhase2Quorum(state.memberships.at(slot), accepted)) break;
    const record = state.records.get(slot);
    invariant(record !== undefined, 'LEARN-MATCH', () => `slot ${slot} was proposed here and is not held`);
    learnNext(state, record);
  }
  if (state.learnedSlot > before) afterLearning(state);
}

function covers(peer: PeerProgress | undefined, slot: Slot): boolean {
  if (peer === undefined) return false;
  return (
    slot <= peer.throughSlot || peer.ranges.some((range) => slot >= range.fromSlot && slot < range.untilSlot)
  );
}

/** The learned slot rose: the window moved, and a leader that was catching up may now count. */
export function afterLearning(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined) return;
  pump(state);
  if (leadership.ownThroughSlot < state.learnedSlot) onOwnDurable(state);
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

/** Repeats accepts that a peer has not acknowledged; a link loses what was under way when it breaks. */
function resendAccepts(state: ReplicaState, leadership: Leadership): void {
  for (const [node, peer] of leadership.peers) {
    if (state.at - peer.progressAt < state.limits.resendMs) continue;
    resendTo(state, leadership, node, peer);
  }
}

function resendTo(state: ReplicaState, leadership: Leadership, node: NodeId, peer: PeerProgress): void {
  peer.progressAt = state.at;
  let bytes = 0;
  for (let slot = nextSlot(state.learnedSlot); slot <= leadership.proposedSlot; slot = nextSlot(slot)) {
    if (covers(peer, slot)) continue;
    const record = state.records.get(slot);
    if (record === undefined || slot < leadership.baseSlot) continue;
    sendAccept(state, leadership, node, peer, slot, record.value);
    bytes += valueBytes(record.value);
    if (bytes >= state.limits.pageBytes) return; // The rest with the next resend.
  }
}

/** A link came back: repeat at once what may have been lost with it, and say who leads. */
export function onPeerBack(state: ReplicaState, peer: NodeId): void {
  const leadership = state.leadership;
  const progress = leadership?.peers.get(peer);
  if (leadership === undefined || progress === undefined) return;
  sendHeartbeats(state, leadership);
  resendTo(state, leadership, peer, progress);
}

/**
 * Tells followers of a risen learned slot when no accept has carried the news. Called on ticks: under load the next
 * accept is quicker, and a frame of its own per slot and follower would be the most frequent message of all.
 */
export function announceLearned(state: ReplicaState): void {
  for (const node of state.leadership?.peers.keys() ?? []) announceLearnedTo(state, node);
}

/** The same for one follower at once: a read waits there. */
export function announceLearnedTo(state: ReplicaState, node: NodeId): void {
  const { leadership } = state;
  const peer = leadership?.peers.get(node);
  if (leadership === undefined || peer === undefined) return;
  if (peer.toldLearnedSlot >= state.learnedSlot || state.unreachable.has(node)) return;
  peer.toldLearnedSlot = state.learnedSlot;
  state.effects.send(node, { kind: 'learned', ballot: leadership.ballot, learnedSlot: state.learnedSlot });
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
  let successor: NodeId | undefined;
  let best = -1;
  for (const [node, peer] of leadership.peers) {
    if (state.unreachable.has(node) || reachedBy(state, node, peer) < leadership.proposedSlot) continue;
    if (peer.echoAt > best) {
      best = peer.echoAt;
      successor = node;
    }
  }
  if (settled && successor !== undefined) {
    announceLearned(state);
    state.effects.send(successor, { kind: 'transfer', ballot: leadership.ballot });
  } else if (state.at < leadership.resignDeadline) {
    return;
  }
  stepDown(state);
  state.electionDeadline = electionDelay(state, 2, 3);
}
