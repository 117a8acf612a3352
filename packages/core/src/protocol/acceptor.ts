/**
 * The acceptor: remembers the highest ballot it is bound to and, for each slot not learned yet, the last value it
 * accepted with that value's ballot. It may forget neither.
 *
 * Owns ACCEPT-GE-PROMISE and ONE-VALUE-PER-BALLOT. Answers name the journal write they wait for; durability itself
 * is the host's. Accepting binds as well as promising does, or an older leader could slip in between.
 * Ref: PMS 2.2. Deviates: one Phase 1 covers all slots (PMMC 4.1), and acknowledgements are cumulative per ballot.
 */
import { isHigher, isLower, sameBallot } from './ballot.ts';
import { invariant } from './invariant.ts';
import { learnFromWatermark, noteLearned } from './learner.ts';
import type { Accept, Accepted, Prepare, SlotRange } from './message.ts';
import { bindTo, follow, promise } from './role.ts';
import {
  acceptAheadSlots,
  nextSlot,
  type ReplicaState,
  type SlotEntry,
  sameValue,
  valueBytes,
} from './state.ts';
import { asSlot, type Ballot, type NodeId, type Slot, type WriteSequence } from './types.ts';

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

/**
 * Accepts durably. The caller has checked that the ballot is not below the promise.
 * @returns the write that makes it durable
 */
export function acceptValue(state: ReplicaState, entry: SlotEntry): WriteSequence {
  const held = state.records.get(entry.slot);
  if (held?.chosen === true) {
    // Never replaced, and not compared either: a deposed leader may still offer something else.
    if (isHigher(entry.ballot, state.promised)) promise(state, entry.ballot);
    return held.write;
  }
  if (held !== undefined && sameBallot(held.ballot, entry.ballot)) {
    invariant(sameValue(held.value, entry.value), 'ONE-VALUE-PER-BALLOT', () => `slot ${entry.slot}`);
    return held.write; // A duplicate: it was written, or is being written.
  }
  invariant(!isLower(entry.ballot, state.promised), 'ACCEPT-GE-PROMISE', () => `slot ${entry.slot}`);
  bindTo(state, entry.ballot);
  const write = state.effects.persistAccept(entry);
  state.records.set(entry.slot, {
    slot: entry.slot,
    ballot: entry.ballot,
    value: entry.value,
    chosen: false,
    write,
  });
  return write;
}

/** Notes that `slot` is held at `ballot`; the acknowledgement leaves at the end of the turn. */
function acknowledge(state: ReplicaState, ballot: Ballot, baseSlot: Slot, slot: Slot): void {
  let ack = state.ack;
  if (ack === undefined || !sameBallot(ack.ballot, ballot)) {
    ack = {
      ballot,
      baseSlot,
      throughSlot: asSlot(baseSlot - 1),
      highestSlot: asSlot(baseSlot - 1),
      after: state.effects.lastWrite,
      dirty: true,
    };
    state.ack = ack;
  }
  if (slot > ack.highestSlot) ack.highestSlot = slot;
  // A chosen value counts as accepted: docs/protocol.md, "acknowledging what is chosen", has the argument. One step and
  // not one per slot: a leader of long standing began at a slot that may be billions below.
  if (ack.throughSlot < state.learnedSlot) ack.throughSlot = state.learnedSlot;
  let record = state.records.get(nextSlot(ack.throughSlot));
  while (record !== undefined && (record.chosen || sameBallot(record.ballot, ballot))) {
    ack.throughSlot = nextSlot(ack.throughSlot);
    record = state.records.get(nextSlot(ack.throughSlot));
  }
  ack.after = state.effects.lastWrite;
  ack.dirty = true;
}

/** One cumulative acknowledgement per turn. */
export function flushAcknowledgement(state: ReplicaState): void {
  const ack = state.ack;
  if (ack === undefined || !ack.dirty) return;
  ack.dirty = false;
  if (!sameBallot(ack.ballot, state.promised)) return; // Bound to a higher ballot meanwhile: this leader is told by nacks.
  const accepted: Accepted = {
    kind: 'accepted',
    ballot: ack.ballot,
    throughSlot: ack.throughSlot,
    ranges: acceptedRanges(state),
  };
  state.effects.sendAfter(ack.ballot.node, accepted, ack.after);
}

/** What is accepted at the leader's ballot beyond the contiguous part: after a loss only. */
function acceptedRanges(state: ReplicaState): readonly SlotRange[] {
  const ack = state.ack;
  const ranges: SlotRange[] = [];
  if (ack === undefined) return ranges;
  let from: Slot | undefined;
  for (let slot = nextSlot(ack.throughSlot); slot <= nextSlot(ack.highestSlot); slot = nextSlot(slot)) {
    const record = state.records.get(slot);
    const held = slot <= ack.highestSlot && record !== undefined && sameBallot(record.ballot, ack.ballot);
    if (held && from === undefined) from = slot;
    if (!held && from !== undefined) {
      ranges.push({ fromSlot: from, untilSlot: slot });
      from = undefined;
    }
  }
  return ranges;
}

/** Learning moved: what a leader counts from us may have grown without a new acceptance. */
export function refreshAcknowledgement(state: ReplicaState): void {
  const ack = state.ack;
  if (ack === undefined || ack.throughSlot >= state.learnedSlot || !sameBallot(ack.ballot, state.promised))
    return;
  if (ack.highestSlot > ack.throughSlot) acknowledge(state, ack.ballot, ack.baseSlot, ack.highestSlot);
}

export function nack(state: ReplicaState, to: NodeId, ballot: Ballot): void {
  state.effects.send(to, { kind: 'nack', ballot, promised: state.promised });
}
