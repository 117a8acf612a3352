/**
 * Reading a journal back and deciding whether it can be trusted, before anything in it is changed. A doubt is an
 * error that names the file, the offset and what is wrong, never a shorter journal.
 */

import type { JournalIdentity } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import type { JournalImage } from '../../protocol/replica-types.ts';
import type { AcceptedEntry, Value } from '../../protocol/types.ts';
import { requireSame } from '../journal-common/same-identity.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { readWhole } from './disk-files.ts';
import { HardState } from './hard-state.ts';
import { readIdentity, type StoredIdentity, settleIdentity } from './identity.ts';
import { type RecordHeader, readHeader, SECTOR_BYTES, type StoredHeader, seedOf } from './layout.ts';
import { Peers } from './peers.ts';
import {
  hasIntactValues,
  readRecord,
  requireComplete,
  requireTornEnd,
  type Scan,
  scanSegment,
} from './scan.ts';
import { Segments, segmentName, segmentNumbers } from './segments.ts';

export type Recovered = {
  readonly identity: StoredIdentity;
  readonly seed: number;
  readonly segments: Segments;
  readonly state: HardState;
  readonly peers: Peers;
  readonly image: JournalImage;
  /** The newest record. */
  readonly last: StoredHeader;
  /** Where the segment of the newest record ends. */
  readonly end: number;
};

type Held = { readonly entry: AcceptedEntry; readonly chosen: boolean; readonly segment: number };

/** Under the lock, in a directory that was formatted. @throws JOURNAL_FOREIGN, JOURNAL_CORRUPT */
export function recover(disk: JournalDisk, expected: JournalIdentity): Recovered {
  const identity = requireIdentity(disk);
  requireSame(identity, expected, disk.path);
  const seed = seedOf(identity.storageId);
  const segments = Segments.read(disk, numbersOfBegun(disk, seed), seed);
  const held = new Map<number, Held>();
  const { last, bytes, end } = replay(disk, segments, seed, held);
  const peers = Peers.read(disk, last.peersVersion);
  settleIdentity(disk, identity);
  peers.flushAgain();
  flushAgain(disk, last.segment, bytes, end);
  disk.syncDirectory();
  return { identity, seed, segments, peers, last, end: end.at, ...stateOf(last, held) };
}

/** @throws JOURNAL_CORRUPT when the directory does not say whose journal it is. */
export function requireIdentity(disk: JournalDisk): StoredIdentity {
  const identity = readIdentity(disk);
  if (identity === undefined) throw corrupt(disk.path, 'it does not say whose journal it is');
  return identity;
}

/**
 * All segments, without one at the end that was about to be begun: it is whole and nothing valid is in it. Its
 * first flush was cut short, or never came.
 */
function numbersOfBegun(disk: JournalDisk, seed: number): number[] {
  const numbers = segmentNumbers(disk.list());
  const last = numbers.at(-1);
  if (last === undefined) throw corrupt(`${disk.path}/${segmentName(1)}`, 'the file is missing');
  if (numbers.length < 2) return numbers;
  const name = segmentName(last);
  const path = `${disk.path}/${name}`;
  const bytes = readWhole(disk, name);
  const head = readHeader(bytes, 0, seed);
  const first = head === undefined ? undefined : readRecord(bytes, 0, last, seed);
  if (first !== undefined && hasIntactValues(first)) return numbers;
  if (bytes.length < 2 * SECTOR_BYTES)
    throw corrupt(path, `it was cut off at ${bytes.length} bytes`, { offset: bytes.length });
  const next = head ?? { number: -1, previousCrc: 0 };
  requireTornEnd(bytes, last, seed, { records: [], end: 0, next }, path);
  disk.remove(name);
  disk.syncDirectory();
  return numbers.slice(0, -1);
}

type End = { readonly at: number; readonly lastRecordAt: number };

/** Reads every segment that may hold an entry that is not learned. */
function replay(
  disk: JournalDisk,
  segments: Segments,
  seed: number,
  held: Map<number, Held>,
): { readonly last: StoredHeader; readonly bytes: Buffer; readonly end: End } {
  const newest = segments.last;
  let last: StoredHeader | undefined;
  let bytes: Buffer = Buffer.alloc(0);
  let end: End = { at: 0, lastRecordAt: 0 };
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
    end = { at: scan.end, lastRecordAt: scan.records.at(-1)?.at ?? 0 };
  }
  if (last === undefined) throw corrupt(segments.pathOf(newest.segment), 'it holds no record');
  return { last, bytes, end };
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
 */
function flushAgain(disk: JournalDisk, number: number, bytes: Buffer, { at, lastRecordAt }: End): void {
  const file = disk.open(segmentName(number));
  try {
    file.write(bytes.subarray(lastRecordAt, at), lastRecordAt);
    file.sync();
  } finally {
    file.close();
  }
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
