/**
 * What this acceptor has accepted, and the acknowledgement that it owes for it.
 *
 * Owns ACCEPT-GE-PROMISE and ONE-VALUE-PER-BALLOT. Accepting binds as well as promising does, or an older leader could
 * slip in between. A leader is its own first acceptor and comes by here too.
 * Ref: PMS 2.2. Deviates: acknowledgements are cumulative per ballot.
 */
import { isHigher, isLower, sameBallot } from './ballot.ts';
import { invariant } from './invariant.ts';
import type { Accepted, SlotRange } from './message.ts';
import { bindTo, promise } from './role.ts';
import { nextSlot, type ReplicaState, type SlotEntry, sameValue } from './state.ts';
import { asSlot, type Ballot, type Slot, type WriteSequence } from './types.ts';

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
export function acknowledge(state: ReplicaState, ballot: Ballot, baseSlot: Slot, slot: Slot): void {
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
