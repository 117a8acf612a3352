/**
 * Writes records behind one another, one at a time, and goes on in the next segment when one is full.
 *
 * Owns the chain of records and the state that the next one will say. Leaves to segment-journal.ts what goes into a
 * record, who hears of it, and what a failure means.
 */
import type { JournalDisk, JournalFile } from '../../ports/journal-disk.ts';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import type { Value } from '../../protocol/types.ts';
import {
  encodeRecord,
  type RecordHeader,
  type RecordItem,
  type RecordKind,
  recordBytes,
  SECTOR_BYTES,
  type SegmentFacts,
} from './layout.ts';
import { type Recovered, release } from './recover.ts';
import { encodeSeal } from './seal.ts';
import { type LoadedSegment, segmentName } from './segments.ts';
import { SPARE_FILE, Spare } from './spare.ts';
import type { Reached } from './witness.ts';

export type SegmentSizes = {
  /** Of a segment that is begun at a start: somebody waits until it is filled. */
  readonly firstBytes: number;
  /** Any other is four times as long as the one before, up to this. A larger record gets a segment to suit. */
  readonly maxBytes: number;
};

export const DEFAULT_SIZES: SegmentSizes = { firstBytes: 1024 * 1024, maxBytes: 16 * 1024 * 1024 };

const GROWTH = 4;
/** A gather buffer that had to grow beyond this is not kept. */
const KEPT_BYTES = 2 * 1024 * 1024;

type Done = (error: unknown) => void;
export type Batches = readonly (readonly JournalWrite[])[];

export class LogWriter {
  readonly #disk: JournalDisk;
  readonly #recovered: Recovered;
  readonly #sizes: SegmentSizes;
  readonly #incarnation: number;
  readonly #spare: Spare;
  /** Hears why there is less room than there could be. Not final. */
  readonly #spareFailed: (error: unknown) => void;
  #facts: SegmentFacts;
  /** Where the next record goes: everything before it is durable. */
  #end: number;
  #number: number;
  #previousCrc: number;
  /** Reused: one write is under way at a time. */
  #gather: Buffer = Buffer.alloc(0);
  /** The segment before and its end, until this one has its first record. */
  #before: { readonly segment: LoadedSegment; readonly end: number } | undefined;
  /** Seals that are being written. */
  #sealing = 0;
  #whenSealed: (() => void) | undefined;

  constructor(
    disk: JournalDisk,
    recovered: Recovered,
    sizes: SegmentSizes,
    spareFailed: (error: unknown) => void,
  ) {
    const { last, end } = recovered;
    this.#disk = disk;
    this.#recovered = recovered;
    this.#sizes = sizes;
    this.#spare = new Spare(disk);
    this.#spareFailed = spareFailed;
    this.#incarnation = last.incarnation + 1;
    this.#facts = last;
    this.#end = end;
    this.#number = last.number;
    this.#previousCrc = last.headerCrc;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  /** The end of what is durable. */
  get durableEnd(): { readonly segment: number; readonly end: number } {
    return { segment: this.#facts.segment, end: this.#end };
  }

  /** The newest record, which is durable while no write is under way. */
  get reached(): Reached {
    return { number: this.#number, headerCrc: this.#previousCrc, segment: this.#facts.segment };
  }

  /** Begins a life behind the last record, or in a new segment. Its incarnation is durable when this returns. */
  beginLife(): void {
    const { segments, index } = this.#recovered;
    segments.resume(index);
    if (!this.#hasRoom(recordBytes(0, 0))) this.#beginNow();
    const at = this.#end;
    const bytes = this.#encode('open', []);
    segments.active.file.write(bytes, at);
    this.#written(at + bytes.length);
  }

  /** Durable when `done` runs without an error; an error, INVARIANT among them, may come at once. One at a time. */
  write(kind: RecordKind, batches: Batches, done: Done): void {
    const needed = boundOf(batches);
    if (this.#hasRoom(needed)) this.#put(kind, batches, done);
    else this.#goOn(needed + SECTOR_BYTES, done, () => this.#put(kind, batches, done));
  }

  /** Fills the next segment ahead of time, once this one is well begun. */
  prepareNext(): void {
    const { segmentBytes } = this.#facts;
    if (this.#spare.isWanted && this.#end > segmentBytes / GROWTH)
      this.#spare.prepare(this.#nextBytes, this.#spareFailed);
  }

  /** No write is under way. `done` runs when no file is used any more. */
  close(done: () => void): void {
    this.#spare.close(() => {
      this.#whenSealed = () => {
        release(this.#recovered);
        done();
      };
      if (this.#sealing === 0) this.#whenSealed();
    });
  }

  /** A segment is never quite full: behind its last record there is a sector of zeros at least. */
  #hasRoom(bytes: number): boolean {
    return this.#end + bytes < this.#facts.segmentBytes;
  }

  get #nextBytes(): number {
    return Math.min(
      this.#sizes.maxBytes,
      Math.max(this.#facts.segmentBytes * GROWTH, this.#sizes.firstBytes),
    );
  }

  #put(kind: RecordKind, batches: Batches, done: Done): void {
    const at = this.#end;
    let bytes: Buffer;
    try {
      bytes = this.#encode(kind, batches);
    } catch (error) {
      return done(error);
    }
    this.#recovered.segments.active.file.writeLater(bytes, at, (error) => {
      if (error === undefined) this.#written(at + bytes.length);
      done(error);
    });
  }

  #written(end: number): void {
    this.#end = end;
    if (this.#gather.length > KEPT_BYTES) this.#gather = Buffer.alloc(0);
    const before = this.#before;
    this.#before = undefined;
    if (before === undefined) return;
    this.#seal(before);
    this.#recovered.segments.finished();
  }

  /** The next segment at once, at a start. */
  #beginNow(): void {
    const { firstBytes } = this.#sizes;
    const file = this.#disk.create(SPARE_FILE);
    try {
      file.write(Buffer.alloc(firstBytes), 0);
      this.#disk.rename(SPARE_FILE, segmentName(this.#facts.segment + 1));
      this.#disk.syncDirectory();
    } catch (error) {
      file.close();
      throw error;
    }
    this.#begin(file, firstBytes);
  }

  /** Continues in the next segment. The spare is whole and durable before it gets the name of a segment. */
  #goOn(neededBytes: number, done: Done, next: () => void): void {
    this.#spare.take(neededBytes, Math.max(neededBytes, this.#nextBytes), (error, spare) => {
      if (spare === undefined) return done(error);
      try {
        this.#disk.rename(SPARE_FILE, segmentName(this.#facts.segment + 1));
      } catch (renameError) {
        spare.file.close();
        return done(renameError);
      }
      this.#disk.syncDirectory((syncError) => {
        this.#begin(spare.file, spare.bytes);
        if (syncError === undefined) next();
        else done(syncError);
      });
    });
  }

  #begin(file: JournalFile, segmentBytes: number): void {
    const { state, segments } = this.#recovered;
    const segment = this.#facts.segment + 1;
    this.#before = { segment: segments.active, end: this.#end };
    this.#facts = {
      segment,
      segmentBytes,
      baseSlot: state.learnedSlot,
      oldestSegment: state.oldestSegment(segment),
    };
    this.#end = 0;
    segments.begin(this.#header('writes', this.#number + 1), file);
  }

  /** Applies the writes to the state and gathers the record that makes them durable. */
  #encode(kind: RecordKind, batches: Batches): Buffer {
    const { state, segments, seed } = this.#recovered;
    const items: RecordItem[] = [];
    let valueBytes = 0;
    for (const writes of batches) {
      for (const write of writes) {
        const item = state.apply(write, this.#facts.segment);
        if (item === undefined) continue;
        items.push(item);
        valueBytes += lengthOf(item.entry.value);
      }
    }
    const bytes = recordBytes(items.length, valueBytes);
    if (this.#gather.length < bytes)
      this.#gather = this.#disk.memory(Math.max(bytes, 2 * this.#gather.length));
    this.#number += 1;
    const { headerCrc } = encodeRecord(this.#header(kind, this.#number), items, seed, this.#gather);
    this.#previousCrc = headerCrc;
    for (const { entry } of items) segments.active.index.add(entry.slot, this.#end);
    return this.#gather.subarray(0, bytes);
  }

  #header(kind: RecordKind, number: number): RecordHeader {
    const { state, peers, identity } = this.#recovered;
    const { segment, segmentBytes, baseSlot, oldestSegment } = this.#facts;
    return {
      segment,
      segmentBytes,
      baseSlot,
      oldestSegment,
      kind,
      group: identity.group,
      offset: this.#end,
      number,
      previousCrc: this.#previousCrc,
      incarnation: this.#incarnation,
      promised: state.promised,
      learnedSlot: state.learnedSlot,
      peersVersion: peers.version,
    };
  }

  /**
   * Gives back what a finished segment does not use, and puts its index behind its last record. Its end is known from
   * the segment behind it, so only room and time are lost when that fails: the record that was just written is durable
   * all the same, and must be heard of.
   */
  #seal({
    segment: { facts, file, index },
    end,
  }: {
    readonly segment: LoadedSegment;
    readonly end: number;
  }): void {
    const { segments, seed } = this.#recovered;
    const following = segments.active.facts;
    try {
      file.truncate(end);
    } catch (error) {
      return this.#spareFailed(error);
    }
    this.#sealing += 1;
    file.writeLater(encodeSeal(index.sorted(), facts.segment, following, seed), end, (error) => {
      this.#sealing -= 1;
      if (error !== undefined) this.#spareFailed(error);
      if (this.#sealing === 0) this.#whenSealed?.();
    });
  }
}

/** At least the length of the record that stores them. */
function boundOf(batches: Batches): number {
  let items = 0;
  let valueBytes = 0;
  for (const writes of batches) {
    for (const write of writes) {
      if (write.kind !== 'accept' && write.kind !== 'chosen') continue;
      items += 1;
      valueBytes += lengthOf(write.entry.value);
    }
  }
  return recordBytes(items, valueBytes);
}

function lengthOf(value: Value): number {
  return value.kind === 'batch' ? value.bytes.length : 0;
}
