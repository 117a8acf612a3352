/**
 * All segments of a journal, and where in them an entry lies.
 *
 * In memory is a line per segment. What lies where inside is known for the segment that is being written and for a
 * few others that were read lately; it is read again from their seals when it is asked for.
 */
import type { JournalDisk, JournalFile } from '../../ports/journal-disk.ts';
import type { Slot } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { type RecordHeader, readHeader, SECTOR_BYTES, type StoredHeader } from './layout.ts';
import { requireComplete, scanSegment } from './scan.ts';
import { readSeal } from './seal.ts';
import { SlotIndex } from './slot-index.ts';

/** Segments whose file is open and whose index is in memory, beside the one being written. */
const MAX_LOADED = 8;

export type Place = { readonly segment: LoadedSegment; readonly at: number };

export type LoadedSegment = {
  /** The header that begins it. */
  readonly facts: RecordHeader;
  readonly file: JournalFile;
  readonly index: SlotIndex;
};

export function segmentName(number: number): string {
  return `segment-${String(number).padStart(10, '0')}`;
}

/** Numbers of the segments that have a file, ascending. */
export function segmentNumbers(names: readonly string[]): number[] {
  return names
    .filter((name) => /^segment-\d{10}$/.test(name))
    .map((name) => Number(name.slice('segment-'.length)))
    .sort((left, right) => left - right);
}

export class Segments {
  readonly #disk: JournalDisk;
  readonly #seed: number;
  /** The headers that begin them, ascending from segment 1 without gaps. */
  readonly #heads: RecordHeader[];
  /** The one used last is at the end. */
  readonly #loaded: Map<number, LoadedSegment> = new Map();
  #active: LoadedSegment | undefined;
  /** Full, and about to be sealed: its file stays open however many others are read meanwhile. */
  #finishing: LoadedSegment | undefined;

  /** Reads the beginning of every segment. @throws JOURNAL_CORRUPT when one is missing or does not begin as it must. */
  static read(disk: JournalDisk, numbers: readonly number[], seed: number): Segments {
    const heads = numbers.map((number, index) => {
      if (number !== index + 1)
        throw corrupt(`${disk.path}/${segmentName(index + 1)}`, 'the file is missing');
      const head = readHead(disk, number, seed);
      if (head === undefined)
        throw corrupt(`${disk.path}/${segmentName(number)}`, 'its first record cannot be read', {
          offset: 0,
        });
      return head;
    });
    return new Segments(disk, seed, heads);
  }

  private constructor(disk: JournalDisk, seed: number, heads: RecordHeader[]) {
    this.#disk = disk;
    this.#seed = seed;
    this.#heads = heads;
  }

  get last(): RecordHeader {
    return this.head(this.#heads.length) as RecordHeader;
  }

  /** The one that is being written. */
  get active(): LoadedSegment {
    if (this.#active === undefined) throw new Error('no segment is being written');
    return this.#active;
  }

  /** The header that begins this segment. */
  head(number: number): RecordHeader | undefined {
    return this.#heads[number - 1];
  }

  pathOf(number: number): string {
    return `${this.#disk.path}/${segmentName(number)}`;
  }

  /** The newest segment goes on being written; `index` says what is in it. */
  resume(index: SlotIndex): void {
    const facts = this.last;
    this.#active = { facts, file: this.#disk.open(segmentName(facts.segment)), index };
  }

  /** From now on this segment is being written; `head` says what its first record will. */
  begin(head: RecordHeader, file: JournalFile): void {
    this.#heads.push(head);
    this.finished();
    this.#finishing = this.#active;
    this.#active = { facts: head, file, index: new SlotIndex() };
  }

  /** Whoever wrote the segment before the active one has begun the last write to it. */
  finished(): void {
    const segment = this.#finishing;
    this.#finishing = undefined;
    if (segment !== undefined) this.#keep(segment);
  }

  /** Where the newest entry of a slot lies; undefined when none is held. @throws JOURNAL_CORRUPT */
  find(slot: Slot): Place | undefined {
    const newest = this.#newestFor(slot);
    const oldest = this.head(newest)?.oldestSegment ?? newest;
    for (let number = newest; number >= oldest; number--) {
      const segment = this.#load(number);
      const at = segment.index.find(slot);
      if (at !== undefined) return { segment, at };
    }
    return undefined;
  }

  close(): void {
    for (const { file } of this.#loaded.values()) file.close();
    this.#loaded.clear();
    this.#finishing?.file.close();
    this.#active?.file.close();
  }

  /** An entry is written above what was learned when its segment began: the last segment of which that is true. */
  #newestFor(slot: Slot): number {
    let low = 1;
    let high = this.#heads.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.head(middle) as RecordHeader).baseSlot < slot) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #load(number: number): LoadedSegment {
    if (this.#active?.facts.segment === number) return this.#active;
    if (this.#finishing?.facts.segment === number) return this.#finishing;
    const segment = this.#loaded.get(number) ?? this.#readIndex(number);
    this.#keep(segment);
    return segment;
  }

  #keep(segment: LoadedSegment): void {
    const { segment: number } = segment.facts;
    this.#loaded.delete(number);
    this.#loaded.set(number, segment);
    const [oldest] = this.#loaded.values();
    if (this.#loaded.size <= MAX_LOADED || oldest === undefined) return;
    this.#loaded.delete(oldest.facts.segment);
    oldest.file.close();
  }

  #readIndex(number: number): LoadedSegment {
    const facts = this.head(number) as RecordHeader;
    // Only the active segment has no follower, and it is never read back.
    const following = this.head(number + 1) as RecordHeader;
    const file = this.#disk.open(segmentName(number));
    try {
      const index = readSeal(file, number, following, this.#seed) ?? this.#scan(file, facts, following);
      return { facts, file, index };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Whole or not at all: an index that lacks a part would answer with what a later entry has replaced. */
  #scan(file: JournalFile, facts: RecordHeader, following: RecordHeader): SlotIndex {
    const bytes = Buffer.allocUnsafeSlow(file.size);
    const there = bytes.subarray(0, file.read(bytes, 0));
    const scan = scanSegment(there, facts.segment, this.#seed, facts, following);
    requireComplete(scan, following, this.pathOf(facts.segment));
    return SlotIndex.of(scan.records);
  }
}

/** The header of a segment's first record; undefined when there is none that belongs there. */
function readHead(disk: JournalDisk, number: number, seed: number): StoredHeader | undefined {
  const file = disk.open(segmentName(number));
  try {
    const bytes = Buffer.alloc(SECTOR_BYTES);
    file.read(bytes, 0);
    const head = readHeader(bytes, 0, seed);
    return head?.segment === number && head.offset === 0 ? head : undefined;
  } finally {
    file.close();
  }
}
