/**
 * The learned slot: it rises by one slot at a time, is told to followers, and is heard from peers.
 *
 * Owns ORDER: learned without gaps. Who may say that a slot is chosen is decided by the callers.
 */
import { invariant } from './invariant.ts';
import { type ReplicaState, valueBytes } from './state.ts';
import type { ChosenEntry, NodeId, Slot } from './types.ts';

/** A peer says how far it has learned. */
export function noteLearned(state: ReplicaState, from: NodeId, slot: Slot): void {
  const known = state.peerLearned.get(from) ?? 0;
  if (slot > known) state.peerLearned.set(from, slot);
}

/** The next slot is chosen with `entry.value`. The caller vouches for it. */
export function learnNext(state: ReplicaState, entry: ChosenEntry): void {
  invariant(
    entry.slot === state.learnedSlot + 1,
    'ORDER',
    () => `slot ${entry.slot} learned after ${state.learnedSlot}`,
  );
  state.records.delete(entry.slot);
  state.learnedSlot = entry.slot;
  // What a durable backend had applied before it was learned again is not applied again.
  if (entry.slot > state.deliveredAtStart)
    state.effects.deliver({ slot: entry.slot, ballot: entry.ballot, value: entry.value });
  if (state.leadership !== undefined && entry.slot >= state.leadership.baseSlot) {
    state.leadership.inFlightBytes -= valueBytes(entry.value);
  }
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
