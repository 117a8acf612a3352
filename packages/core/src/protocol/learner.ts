/**
 * The learner: turns "accepted" into "chosen" into in-order delivery, and fetches what it missed.
 *
 * Owns LEARN-MATCH: a slot is learned because its value is known to be chosen, never merely because a watermark
 * passed it. Three ways lead there: the leader counts a quorum (replication.ts); a leader's watermark covers a value
 * accepted at exactly that leader's ballot; a peer that learned the slot sends the value.
 * Owns PREFIX delivery: ascending, dense, once. Any peer may be asked, so a node that cannot reach the leader still follows.
 */

import { refreshAcknowledgement } from './acceptance.ts';
import { compareBallots, sameBallot } from './ballot.ts';
import { invariant } from './invariant.ts';
import { learnNext, noteLearned } from './learned.ts';
import type { CatchUpReply, CatchUpRequest } from './message.ts';
import { afterLearning } from './replication.ts';
import { isLeaderLive } from './role.ts';
import { later, nextSlot, otherVoters, type ReplicaState, sameValue } from './state.ts';
import { asSlot, type Ballot, type ChosenEntry, type NodeId, type Slot } from './types.ts';

/** The leader of `ballot` says that every slot up to `slot` is chosen: teaches values held at that very ballot. */
export function learnFromWatermark(state: ReplicaState, from: NodeId, ballot: Ballot, slot: Slot): void {
  noteLearned(state, from, slot);
  const order = compareBallots(ballot, state.watermark.ballot);
  if (order > 0 || (order === 0 && slot > state.watermark.slot)) state.watermark = { ballot, slot };
  advance(state);
}

/** Learns as far as what is held here allows. */
export function advance(state: ReplicaState): void {
  const before = state.learnedSlot;
  for (;;) {
    const record = state.records.get(nextSlot(state.learnedSlot));
    if (record === undefined) break;
    const taught = record.slot <= state.watermark.slot && sameBallot(record.ballot, state.watermark.ballot);
    // A leader does not learn its own proposals from others: it counts (or finds out that it is deposed).
    const mine = state.leadership !== undefined && record.slot >= state.leadership.baseSlot;
    if (mine || !(record.chosen || taught)) break;
    learnNext(state, record);
  }
  if (state.learnedSlot > before) {
    state.behindSince = undefined;
    refreshAcknowledgement(state);
    afterLearning(state);
  }
}

export function onCatchUpRequest(state: ReplicaState, from: NodeId, message: CatchUpRequest): void {
  const { fromSlot } = message;
  const limit = Math.min(message.untilSlot, state.learnedSlot + 1, fromSlot + state.limits.catchUpSlots);
  if (limit <= fromSlot) {
    state.effects.send(from, {
      kind: 'catch-up-reply',
      fromSlot,
      entries: [],
      learnedSlot: state.learnedSlot,
    });
    return;
  }
  state.waitingServices.set(from, {
    to: from,
    fromSlot,
    untilSlot: asSlot(limit),
    after: state.effects.lastEntryWrite,
  });
  releaseServices(state);
}

/**
 * Until the write that holds the chosen value is durable, the journal may still show what an older ballot had
 * put into the slot, and that must not be handed out as chosen.
 */
export function releaseServices(state: ReplicaState): void {
  for (const [node, { to, fromSlot, untilSlot, after }] of state.waitingServices) {
    if (after > state.durable) continue;
    state.waitingServices.delete(node);
    state.effects.serveCatchUp({ to, fromSlot, untilSlot });
  }
}

export function onCatchUpReply(state: ReplicaState, from: NodeId, message: CatchUpReply): void {
  noteLearned(state, from, message.learnedSlot);
  if (!isDense(message)) return; // A hole must not spread (ZOOKEEPER-4925).
  if (state.catchUp?.to === from) state.catchUp = undefined;
  // Whoever had nothing for us is asked again only after a while, and those that were silent get another chance.
  if (message.entries.length === 0) state.behindSince = state.at;
  if (message.entries.length === 0) state.silentPeers.clear();
  else state.silentPeers.delete(from);
  const before = state.learnedSlot;
  for (const entry of message.entries) takeChosen(state, entry);
  advance(state);
  if (state.learnedSlot > before && state.leadership !== undefined) {
    state.leadership.recoveryDeadline = later(state.at, state.limits.electionTimeoutMs);
  }
  if (state.learnedSlot > before) requestCatchUp(state);
}

function isDense(message: CatchUpReply): boolean {
  return message.entries.every((entry, index) => entry.slot === message.fromSlot + index);
}

function takeChosen(state: ReplicaState, entry: ChosenEntry): void {
  if (entry.slot <= state.learnedSlot) return;
  if (state.leadership !== undefined && entry.slot >= state.leadership.baseSlot) return; // See `advance`.
  if (entry.slot > state.learnedSlot + state.limits.catchUpSlots * 2) return; // Not asked for: bounds what is held.
  const held = state.records.get(entry.slot);
  if (held?.chosen === true) {
    invariant(
      sameValue(held.value, entry.value),
      'AGREEMENT',
      () => `slot ${entry.slot} is chosen with two values`,
    );
    return;
  }
  // Held at the same ballot means held with the same value, and the journal has it already.
  const write =
    held !== undefined && sameBallot(held.ballot, entry.ballot)
      ? held.write
      : state.effects.persistChosen(entry);
  state.records.set(entry.slot, {
    slot: entry.slot,
    ballot: entry.ballot,
    value: entry.value,
    chosen: true,
    write,
  });
}

/** On every tick: is somebody ahead of us, for longer than a message under way would explain? */
export function tickCatchUp(state: ReplicaState): void {
  if (state.catchUp !== undefined && state.at >= state.catchUp.deadline) {
    state.silentPeers.add(state.catchUp.to);
    state.catchUp = undefined;
  }
  const target = highestKnown(state);
  if (target <= state.learnedSlot) {
    state.behindSince = undefined;
    probeWhenAlone(state);
    return;
  }
  state.behindSince ??= state.at;
  const farBehind = target > state.learnedSlot + state.limits.windowSlots;
  if (farBehind || state.at - state.behindSince >= state.limits.heartbeatMs) requestCatchUp(state);
}

/**
 * Asks one peer that is ahead; at most one request is under way. If none of those who are known to be ahead answers,
 * anybody else may know as much: in a chain of nodes the far end follows through the middle. When all were silent, it
 * begins again.
 */
export function requestCatchUp(state: ReplicaState): void {
  if (state.catchUp !== undefined) return;
  const reachable = otherVoters(state).filter((node) => !state.unreachable.has(node));
  if (reachable.every((node) => state.silentPeers.has(node))) state.silentPeers.clear();
  const others = reachable.filter((node) => !state.silentPeers.has(node));
  const ahead = others.filter((node) => (state.peerLearned.get(node) ?? 0) > state.learnedSlot);
  const candidates = ahead.length > 0 ? ahead : others;
  const to = candidates[state.random.below(Math.max(1, candidates.length))];
  if (to !== undefined) ask(state, to);
}

/** Without a live leader nobody tells us of progress: ask somebody now and then. */
function probeWhenAlone(state: ReplicaState): void {
  if (
    state.leadership !== undefined ||
    isLeaderLive(state) ||
    state.at < state.probeAt ||
    state.catchUp !== undefined
  )
    return;
  state.probeAt = later(state.at, state.limits.electionTimeoutMs / 2);
  const reachable = otherVoters(state).filter((node) => !state.unreachable.has(node));
  const to = reachable[state.random.below(Math.max(1, reachable.length))];
  if (to !== undefined) ask(state, to);
}

function ask(state: ReplicaState, to: NodeId): void {
  state.catchUp = { to, deadline: later(state.at, state.limits.resendMs) };
  const fromSlot = nextSlot(state.learnedSlot);
  const untilSlot = asSlot(fromSlot + state.limits.catchUpSlots);
  state.effects.send(to, { kind: 'catch-up-request', fromSlot, untilSlot });
}

function highestKnown(state: ReplicaState): Slot {
  let highest = 0;
  for (const slot of state.peerLearned.values()) highest = Math.max(highest, slot);
  return asSlot(highest);
}
