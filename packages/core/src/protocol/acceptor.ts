/**
 * The acceptor: remembers the highest ballot it is bound to and, for each slot not learned yet, the last value it
 * accepted with that value's ballot. It may forget neither.
 *
 * Answers what proposers ask; what it then holds is the business of acceptance.ts. Answers name the journal write they
 * wait for; durability itself is the host's.
 * Ref: PMS 2.2. Deviates: one Phase 1 covers all slots (PMMC 4.1).
 */
import { acceptValue, acknowledge } from './acceptance.ts';
import { isHigher, isLower, sameBallot } from './ballot.ts';
import { noteLearned } from './learned.ts';
import { learnFromWatermark } from './learner.ts';
import type { Accept, Prepare } from './message.ts';
import { follow, promise } from './role.ts';
import { acceptAheadSlots, type ReplicaState, type SlotEntry, valueBytes } from './state.ts';
import type { Ballot, NodeId, Slot } from './types.ts';

export function onPrepare(state: ReplicaState, from: NodeId, message: Prepare): void {
  const { ballot } = message;
  if (from !== ballot.node) return;
  if (isLower(ballot, state.promised)) {
    nack(state, from, ballot);
    return;
  }
  // A repeated Prepare is answered again: the first answer may be lost.
  if (isHigher(ballot, state.promised)) promise(state, ballot);
  const pages = promisePages(state, message.fromSlot);
  const { attempt } = message;
  const answer = state.random.uint32();
  const { learnedSlot } = state;
  for (const [page, entries] of pages.entries()) {
    const promised = {
      kind: 'promise',
      ballot,
      attempt,
      answer,
      page,
      pageCount: pages.length,
      learnedSlot,
      entries,
    } as const;
    // Waits for every write so far: the promise, and the acceptances that it reveals.
    state.effects.sendAfter(from, promised, state.effects.lastWrite);
  }
}

/** What this acceptor holds from `fromSlot` on and has not learned, ascending, in pages of bounded size; at least one. */
export function promisePages(state: ReplicaState, fromSlot: Slot): readonly (readonly SlotEntry[])[] {
  const slots = [...state.records.keys()]
    .filter((slot) => slot >= fromSlot)
    .sort((left, right) => left - right);
  const pages: SlotEntry[][] = [[]];
  let page = pages[0] as SlotEntry[];
  let bytes = 0;
  for (const slot of slots) {
    const record = state.records.get(slot);
    if (record === undefined) continue;
    const size = valueBytes(record.value);
    if (page.length > 0 && bytes + size > state.limits.pageBytes) {
      page = [];
      pages.push(page);
      bytes = 0;
    }
    page.push({ slot: record.slot, ballot: record.ballot, value: record.value });
    bytes += size;
  }
  return pages;
}

export function onAccept(state: ReplicaState, from: NodeId, message: Accept): void {
  const { ballot, slot } = message;
  if (from !== ballot.node || slot < message.baseSlot) return;
  if (isLower(ballot, state.promised)) {
    nack(state, from, ballot);
    return;
  }
  if (state.leadership !== undefined && sameBallot(ballot, state.leadership.ballot)) return; // Our own ballot, from a stranger.
  // Too far ahead to hold: the sender repeats it, or catch-up brings it once it is chosen.
  if (slot > state.learnedSlot + acceptAheadSlots(state.limits)) {
    noteLearned(state, from, message.learnedSlot);
    return;
  }
  if (slot > state.learnedSlot) acceptValue(state, { slot, ballot, value: message.value });
  else if (isHigher(ballot, state.promised)) promise(state, ballot);
  follow(state, from, ballot);
  acknowledge(state, ballot, message.baseSlot, slot);
  learnFromWatermark(state, from, ballot, message.learnedSlot);
}

export function nack(state: ReplicaState, to: NodeId, ballot: Ballot): void {
  state.effects.send(to, { kind: 'nack', ballot, promised: state.promised });
}
