/**
 * Reading a journal back and deciding whether it can be trusted, before anything in it is changed. A doubt is an
 * error that names the file, the offset and what is wrong, never a shorter journal.
 */

import type { JournalIdentity } from '../../ports/journal.ts';
import type { JournalDisk, JournalFile } from '../../ports/journal-disk.ts';
import type { JournalImage } from '../../protocol/replica-types.ts';
import type { AcceptedEntry, Value } from '../../protocol/types.ts';
import { requireSame } from '../journal-common/same-identity.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { segmentsBegun } from './begun.ts';
import { readWhole } from './disk-files.ts';
import { HardState } from './hard-state.ts';
import { readIdentity, type StoredIdentity, settleIdentity } from './identity.ts';
import { type RecordHeader, type StoredHeader, seedOf } from './layout.ts';
import { Peers } from './peers.ts';
import { hasIntactValues, requireComplete, requireTornEnd, type Scan, scanSegment } from './scan.ts';
import { Segments, segmentName } from './segments.ts';
import { SlotIndex } from './slot-index.ts';
import { Witness } from './witness.ts';

export type Recovered = {
  readonly identity: StoredIdentity;
  readonly seed: number;
  readonly segments: Segments;
  readonly state: HardState;
  readonly peers: Peers;
  readonly witness: Witness;
  readonly image: JournalImage;
  /** The newest record. */
  readonly last: StoredHeader;
  /** Where the segment of the newest record ends. */
  readonly end: number;
  /** What is in that segment. */
  readonly index: SlotIndex;
  /** Of a flush that was cut short, about: nobody was told of it, and zeros are there now. */
  readonly tornBytes: number;
};

/** Zeros are written in pieces of this, where there is anything else. */
const CLEAR_STEP_BYTES = 4096;

type Held = { readonly entry: AcceptedEntry; readonly chosen: boolean; readonly segment: number };

/** Under the lock, in a directory that was formatted. @throws JOURNAL_FOREIGN, JOURNAL_CORRUPT */
export function recover(disk: JournalDisk, expected: JournalIdentity): Recovered {
  const identity = requireIdentity(disk);
  requireSame(identity, expected, disk.path);
  const witness = Witness.open(disk, identity.storageId);
  let peers: Peers | undefined;
  try {
    const seed = seedOf(identity.storageId);
    const { numbers, leftover } = segmentsBegun(disk, seed);
    witness.requireSegment(numbers.at(-1) ?? 0);
    const segments = Segments.read(disk, numbers, seed);
    const held = new Map<number, Held>();
    const { last, bytes, end, index } = replay(disk, segments, seed, held);
    witness.requireReached(last, end.at);
    peers = Peers.open(disk, last.peersVersion);
    // Nothing was changed up to here: a refusal leaves the evidence as it was.
    if (leftover !== undefined) disk.remove(leftover);
    settleIdentity(disk, identity);
    peers.flushAgain();
    const tornBytes = flushAgain(disk, last.segment, bytes, end);
    disk.syncDirectory();
    const found = { identity, seed, segments, peers, witness, last, index, end: end.at, tornBytes };
    return { ...found, ...stateOf(last, held) };
  } catch (error) {
    witness.close();
    peers?.close();
    throw error;
  }
}

/** Closes every file of a journal. */
export function release({ segments, peers, witness }: Recovered): void {
  segments.close();
  peers.close();
  witness.close();
}

/** @throws JOURNAL_CORRUPT when the directory does not say whose journal it is. */
export function requireIdentity(disk: JournalDisk): StoredIdentity {
  const identity = readIdentity(disk);
  if (identity === undefined) throw corrupt(disk.path, 'it does not say whose journal it is');
  return identity;
}

type End = { readonly at: number; readonly lastRecordAt: number };

/** Reads every segment that may hold an entry that is not learned. */
function replay(
  disk: JournalDisk,
  segments: Segments,
  seed: number,
  held: Map<number, Held>,
): {
  readonly last: StoredHeader;
  readonly bytes: Buffer;
  readonly end: End;
  readonly index: SlotIndex;
} {
  const newest = segments.last;
  let last: StoredHeader | undefined;
  let bytes: Buffer = Buffer.alloc(0);
  let end: End = { at: 0, lastRecordAt: 0 };
  let records: Scan['records'] = [];
  for (let number = newest.oldestSegment; number <= newest.segment; number++) {
    bytes = readWhole(disk, segmentName(number));
    const scan = scanSegment(
      bytes,
      number,
      seed,
      segments.head(number) as RecordHeader,
      segments.head(number + 1),
      hasIntactValues,
    );
    requireEnd(segments, number, bytes, seed, scan);
    for (const { header, items } of scan.records) {
      for (const item of items)
        held.set(item.slot, { entry: item.entry(), chosen: item.chosen, segment: number });
      last = header;
    }
    forgetLearned(held, last?.learnedSlot ?? 0);
    ({ records } = scan);
    end = { at: scan.end, lastRecordAt: records.at(-1)?.at ?? 0 };
  }
  if (last === undefined) throw corrupt(segments.pathOf(newest.segment), 'it holds no record');
  return { last, bytes, end, index: SlotIndex.of(records) };
}

/** @throws JOURNAL_CORRUPT unless the segment ends where it may. */
function requireEnd(segments: Segments, number: number, bytes: Buffer, seed: number, scan: Scan): void {
  const path = segments.pathOf(number);
  const following = segments.head(number + 1);
  if (following !== undefined) return requireComplete(scan, following, path);
  const { segmentBytes } = segments.head(number) as RecordHeader;
  if (bytes.length !== segmentBytes) {
    const what = `it has ${bytes.length} of ${segmentBytes} bytes: its end was cut off`;
    throw corrupt(path, what, { offset: bytes.length });
  }
  requireTornEnd(bytes, number, seed, scan, path);
}

function forgetLearned(held: Map<number, Held>, learnedSlot: number): void {
  for (const slot of held.keys()) if (slot <= learnedSlot) held.delete(slot);
}

/**
 * After the death of a process the system may hold, and show us, what no disk has yet; after a failed flush even as
 * if it were flushed. Nothing of it may be revealed to a peer before it is durable, or a power cut could still take it
 * back. Only the last write to each file can be in that state: it is made once more, the same bytes in the same place.
 *
 * Returns how many bytes of a torn flush lay behind it, and are zero now.
 */
function flushAgain(disk: JournalDisk, number: number, bytes: Buffer, { at, lastRecordAt }: End): number {
  const file = disk.open(segmentName(number));
  try {
    file.write(bytes.subarray(lastRecordAt, at), lastRecordAt);
    const tornBytes = clear(file, bytes, at);
    file.sync();
    return tornBytes;
  } finally {
    file.close();
  }
}

/** Writes zeros over what lies behind the end: the log goes on here, and what is not written yet is zero. */
function clear(file: JournalFile, bytes: Buffer, end: number): number {
  const zeros = Buffer.alloc(CLEAR_STEP_BYTES);
  let cleared = 0;
  for (let at = end; at < bytes.length; at += zeros.length) {
    const piece = bytes.subarray(at, at + zeros.length);
    const nothing = zeros.subarray(0, piece.length);
    if (piece.equals(nothing)) continue;
    file.write(nothing, at);
    cleared += piece.length;
  }
  return cleared;
}

function stateOf(
  last: StoredHeader,
  held: ReadonlyMap<number, Held>,
): { readonly state: HardState; readonly image: JournalImage } {
  const state = new HardState(last.promised, last.learnedSlot);
  const ascending = [...held.values()].sort((left, right) => left.entry.slot - right.entry.slot);
  for (const { entry, chosen, segment } of ascending) state.hold(entry.slot, chosen, segment);
  state.learnChosen();
  const { promised, learnedSlot } = state;
  const accepted = ascending
    .filter(({ entry }) => entry.slot > learnedSlot)
    .map(({ entry, chosen }) => ({ ...entry, value: copyOf(entry.value), chosen }));
  return { state, image: { promised, learnedSlot, accepted } };
}

/** A value of its own: a view would keep the bytes of a whole segment in memory. */
function copyOf(value: Value): Value {
  return value.kind === 'batch' ? { ...value, bytes: value.bytes.slice() } : value;
}
