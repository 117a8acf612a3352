/**
 * The leader at work on slots: proposes values at its ballot, repeats what got lost, counts acceptances.
 *
 * Owns WINDOW and the counting half of AGREEMENT: a slot is chosen when a phase-2 quorum of the membership of that very
 * slot accepted at this very ballot; our own acceptance counts when it is durable, like any other. First it proposes
 * again what phase 1 revealed, then new values; both flow through the same window.
 * Ref: PMMC 4.2-4.3 for the window; docs/protocol.md for cumulative acknowledgement.
 */
import { acceptValue } from './acceptance.ts';
import { sameBallot } from './ballot.ts';
import { invariant } from './invariant.ts';
import { learnNext } from './learned.ts';
import type { Accepted } from './message.ts';
import { isPhase2Quorum } from './quorum.ts';
import {
  type Leadership,
  nextSlot,
  type PeerProgress,
  type ReplicaState,
  sameValue,
  valueBytes,
} from './state.ts';
import { asSlot, NOOP, type NodeId, type Slot, type Value } from './types.ts';

/** Proposes again what phase 1 revealed, as far as the window allows. */
export function pump(state: ReplicaState): void {
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
export function reachedBy(state: ReplicaState, node: NodeId, peer: PeerProgress): number {
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

/** Repeats accepts that a peer has not acknowledged; a link loses what was under way when it breaks. */
export function resendAccepts(state: ReplicaState, leadership: Leadership): void {
  for (const [node, peer] of leadership.peers) {
    if (state.at - peer.progressAt < state.limits.resendMs) continue;
    resendTo(state, leadership, node, peer);
  }
}

export function resendTo(
  state: ReplicaState,
  leadership: Leadership,
  node: NodeId,
  peer: PeerProgress,
): void {
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
