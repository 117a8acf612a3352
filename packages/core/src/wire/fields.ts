/**
 * The fields that peer messages are made of: ballots, slots, values, entries and ranges as bytes.
 *
 *   ballot   f64 round | u32 node                      zero ballot: both 0; otherwise both at least 1
 *   slot     f64
 *   value    u8 0 (noop)  or  u8 1 | f64 stampMs | u32 length | bytes (at least one)
 *   entry    slot | ballot | value
 *
 * Owns the form of each field and refuses what is not in it with `WIRE_MALFORMED`. Leaves to codec.ts which
 * message has which field, and to the protocol whether a well-formed message makes sense.
 */
import { type ByteReader, type ByteWriter, malformed, QuorateError } from '@quorate/wire';
import type { SlotRange } from '../protocol/message.ts';
import {
  type AcceptedEntry,
  asNodeId,
  asSlot,
  type Ballot,
  NOOP,
  type Slot,
  type Value,
} from '../protocol/types.ts';

const VALUE_NOOP = 0;
const VALUE_BATCH = 1;

/** A range is two slots. */
const RANGE_BYTES = 16;
/** The shortest entry of a page: slot, ballot and a noop. */
const MIN_ENTRY_BYTES = 8 + 12 + 1;
/** The shortest entry of a catch-up answer, where the slot is implied: ballot and a noop. */
const MIN_DENSE_ENTRY_BYTES = 12 + 1;

export function writeBallot(out: ByteWriter, ballot: Ballot): void {
  out.integer(ballot.round);
  out.u32(ballot.node);
}

/** Any ballot that somebody can have promised, the zero ballot included. */
export function readPromised(reader: ByteReader): Ballot {
  const round = reader.integer();
  const node = reader.u32();
  if ((round === 0) !== (node === 0))
    throw malformed('a ballot has a round without a node, or a node without a round');
  // A round above this one could not be exceeded by anybody's next ballot.
  if (round === Number.MAX_SAFE_INTEGER) throw malformed('the round of a ballot is out of range');
  return { round, node: asNodeId(node) };
}

/** A ballot that somebody campaigns or leads with. */
export function readBallot(reader: ByteReader): Ballot {
  const ballot = readPromised(reader);
  if (ballot.round === 0) throw malformed('the zero ballot cannot be proposed');
  return ballot;
}

/** A position, where 0 stands for "before the first slot". */
export function readSlotOrZero(reader: ByteReader): Slot {
  return asSlot(reader.integer());
}

export function readSlot(reader: ByteReader): Slot {
  const slot = reader.integer();
  if (slot === 0) throw malformed('slots begin at 1');
  return asSlot(slot);
}

export function writeValue(out: ByteWriter, value: Value): void {
  switch (value.kind) {
    case 'noop':
      out.u8(VALUE_NOOP);
      return;
    case 'batch':
      if (value.bytes.length === 0) throw new QuorateError('ARGUMENT', 'a batch must not be empty');
      out.u8(VALUE_BATCH);
      out.integer(value.stampMs);
      out.block(value.bytes);
      return;
    default:
      return value satisfies never;
  }
}

/** The bytes of a batch are a view into the frame: copy them if they outlive it. */
export function readValue(reader: ByteReader): Value {
  const kind = reader.u8();
  if (kind === VALUE_NOOP) return NOOP;
  if (kind !== VALUE_BATCH) throw malformed(`unknown value kind ${kind}`);
  const stampMs = reader.integer();
  const bytes = reader.block();
  if (bytes.length === 0) throw malformed('a batch must not be empty');
  return { kind: 'batch', stampMs, bytes };
}

export function writeEntries(out: ByteWriter, entries: readonly AcceptedEntry[]): void {
  out.u32(entries.length);
  for (const entry of entries) {
    out.integer(entry.slot);
    writeBallot(out, entry.ballot);
    writeValue(out, entry.value);
  }
}

/** Ascending by slot, each above `floor`; gaps are allowed. */
export function readEntries(reader: ByteReader, floor: Slot): AcceptedEntry[] {
  const count = readCount(reader, MIN_ENTRY_BYTES);
  const entries: AcceptedEntry[] = [];
  let previous: number = floor;
  for (let index = 0; index < count; index++) {
    const slot = readSlot(reader);
    if (slot <= previous) throw malformed('the slots of a page must rise');
    previous = slot;
    const ballot = readBallot(reader);
    entries.push({ slot, ballot, value: readValue(reader) });
  }
  return entries;
}

/** Entry number i is in slot `fromSlot + i`, which therefore need not travel. */
export function writeDenseEntries(out: ByteWriter, fromSlot: Slot, entries: readonly AcceptedEntry[]): void {
  out.u32(entries.length);
  let expected: number = fromSlot;
  for (const entry of entries) {
    if (entry.slot !== expected) {
      throw new QuorateError(
        'ARGUMENT',
        `entries must be dense: slot ${entry.slot} where ${expected} was expected`,
      );
    }
    expected += 1;
    writeBallot(out, entry.ballot);
    writeValue(out, entry.value);
  }
}

export function readDenseEntries(reader: ByteReader, fromSlot: Slot): AcceptedEntry[] {
  const count = readCount(reader, MIN_DENSE_ENTRY_BYTES);
  if (!Number.isSafeInteger(fromSlot + count)) throw malformed('a slot is out of range');
  const entries: AcceptedEntry[] = [];
  for (let index = 0; index < count; index++) {
    const ballot = readBallot(reader);
    entries.push({ slot: asSlot(fromSlot + index), ballot, value: readValue(reader) });
  }
  return entries;
}

export function writeRanges(out: ByteWriter, ranges: readonly SlotRange[]): void {
  out.u32(ranges.length);
  for (const range of ranges) {
    out.integer(range.fromSlot);
    out.integer(range.untilSlot);
  }
}

/** Half-open, not empty, ascending, disjoint, and all above `floor`. */
export function readRanges(reader: ByteReader, floor: Slot): SlotRange[] {
  const count = readCount(reader, RANGE_BYTES);
  const ranges: SlotRange[] = [];
  let lowest = floor + 1;
  for (let index = 0; index < count; index++) {
    const fromSlot = readSlot(reader);
    const untilSlot = readSlot(reader);
    if (fromSlot < lowest) throw malformed('ranges of slots must rise and must not overlap');
    if (untilSlot <= fromSlot) throw malformed('a range of slots must not be empty');
    lowest = untilSlot;
    ranges.push({ fromSlot, untilSlot });
  }
  return ranges;
}

/** A count is believed only if that many elements can be in the bytes that are left. */
function readCount(reader: ByteReader, minElementBytes: number): number {
  const count = reader.u32();
  if (count > reader.remaining / minElementBytes) {
    throw malformed(`${count} elements cannot be in the ${reader.remaining} bytes that are left`);
  }
  return count;
}
