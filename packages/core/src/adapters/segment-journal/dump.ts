/**
 * Reading a journal that no process has open, for people. Shows damaged entries instead of refusing them; only a
 * journal that cannot say whose it is or what it promised is an error.
 */
import type { JournalDump } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { corrupt, journalTrouble } from '../journal-common/trouble.ts';
import { readWhole } from './disk-files.ts';
import { readIdentity, type StoredIdentity } from './identity.ts';
import {
  readHeader,
  recordBytes,
  SECTOR_BYTES,
  type StoredHeader,
  type StoredItem,
  seedOf,
} from './layout.ts';
import { Peers } from './peers.ts';
import { readRecord } from './scan.ts';
import { segmentName, segmentNumbers } from './segments.ts';
import { Witness } from './witness.ts';

type Entry = ReturnType<JournalDump['entries']> extends Iterable<infer Item> ? Item : never;

/**
 * Holds the directory until `close`, so that a node cannot start under the reader.
 * @throws JOURNAL_LOCKED, JOURNAL_CORRUPT, JOURNAL_IO
 */
export function openSegmentDump(disk: JournalDisk): JournalDump {
  const lock = disk.lock();
  try {
    const identity = readIdentity(disk);
    if (identity === undefined) throw corrupt(disk.path, 'it does not say whose journal it is');
    return describe(disk, identity, () => lock.release());
  } catch (error) {
    lock.release();
    throw journalTrouble(disk.path, 'inspecting the journal', error);
  }
}

function describe(disk: JournalDisk, identity: StoredIdentity, close: () => void): JournalDump {
  const seed = seedOf(identity.storageId);
  const numbers = segmentNumbers(disk.list());
  const last = newestHeader(disk, numbers, seed);
  if (last === undefined)
    throw corrupt(disk.path, 'no record can be read, so what this node promised is not known');
  return {
    identity: { ...identity, incarnation: last.incarnation },
    promised: last.promised,
    learnedSlot: last.learnedSlot,
    peers: peersIn(disk),
    *entries() {
      try {
        yield* entriesOf(disk, numbers, seed, last.learnedSlot);
        requireTail(disk, identity.storageId, last);
      } catch (error) {
        throw journalTrouble(disk.path, 'reading entries', error);
      }
    },
    close,
  };
}

function peersIn(disk: JournalDisk): JournalDump['peers'] {
  const peers = Peers.open(disk, 0);
  peers.close();
  return peers.records;
}

function newestHeader(disk: JournalDisk, numbers: readonly number[], seed: number): StoredHeader | undefined {
  for (const number of numbers.toReversed()) {
    const found = lookAt(readWhole(disk, segmentName(number)), number, seed);
    const newest = found.records.at(-1);
    if (newest !== undefined) return newest.header;
  }
  return undefined;
}

/**
 * Ascending by slot. In memory are the entries of one segment and those that a later one may replace: the ones that
 * were not learned when it began.
 */
function* entriesOf(
  disk: JournalDisk,
  numbers: readonly number[],
  seed: number,
  learnedSlot: number,
): Generator<Entry, void, undefined> {
  const pending = new Map<number, StoredItem>();
  const losses: string[] = [];
  for (const [index, number] of numbers.entries()) {
    const next = numbers[index + 1];
    const following = next === undefined ? undefined : headOf(disk, next, seed);
    const { records, lostAt } = lookAt(readWhole(disk, segmentName(number)), number, seed, following?.number);
    losses.push(...lostAt.map((at) => `${segmentName(number)} at offset ${at}`));
    for (const { items } of records) for (const item of items) pending.set(item.slot, item);
    // Nothing more is certain when the first record of the next segment is damaged.
    const base =
      next === undefined ? Number.POSITIVE_INFINITY : Math.min(following?.baseSlot ?? 0, learnedSlot);
    yield* take(pending, base);
  }
  yield* take(pending, Number.POSITIVE_INFINITY);
  if (losses.length > 0) throw corrupt(disk.path, `records cannot be read in ${losses.join(', ')}`);
}

function* take(pending: Map<number, StoredItem>, throughSlot: number): Generator<Entry, void, undefined> {
  const ready = [...pending.values()].filter(({ slot }) => slot <= throughSlot);
  for (const item of ready.sort((left, right) => left.slot - right.slot)) {
    pending.delete(item.slot);
    yield { ...item.entry(), chosen: item.chosen, intact: item.isIntact() };
  }
}

function headOf(disk: JournalDisk, number: number, seed: number): StoredHeader | undefined {
  const file = disk.open(segmentName(number));
  try {
    const bytes = Buffer.alloc(SECTOR_BYTES);
    file.read(bytes, 0);
    return readHeader(bytes, 0, seed);
  } finally {
    file.close();
  }
}

/** @throws JOURNAL_CORRUPT when something is missing behind the newest record, or nobody can say. */
function requireTail(disk: JournalDisk, storageId: string, last: StoredHeader): void {
  const witness = Witness.open(disk, storageId);
  witness.close();
  witness.requireReached(last, last.offset + recordBytes(last.itemCount, last.valueBytes));
}

type Look = {
  readonly records: readonly { readonly header: StoredHeader; readonly items: readonly StoredItem[] }[];
  /** Where something was written that cannot be read, and something valid follows. */
  readonly lostAt: readonly number[];
};

/** Every record of a segment below `untilNumber`, also those behind a damaged one. */
function lookAt(bytes: Buffer, number: number, seed: number, untilNumber = Number.POSITIVE_INFINITY): Look {
  const records: { header: StoredHeader; items: readonly StoredItem[] }[] = [];
  const lostAt: number[] = [];
  let lost: number | undefined;
  for (let at = 0; at < bytes.length; ) {
    const record = readRecord(bytes, at, number, seed);
    if (record === undefined || record.header.number >= untilNumber) {
      lost ??= at;
      at += SECTOR_BYTES;
      continue;
    }
    if (lost !== undefined) lostAt.push(lost);
    lost = undefined;
    records.push(record);
    at += record.bytes;
  }
  return { records, lostAt };
}
