/**
 * Reading chosen entries back, for catch-up and replay. Every record is checked again each time it is read.
 */
import type { ChosenEntry, Slot } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import type { HardState } from './hard-state.ts';
import { readHeader, recordBytes } from './layout.ts';
import { readRecord, type StoredRecord } from './scan.ts';
import type { LoadedSegment, Place, Segments } from './segments.ts';

/** Read at once, because the slots that follow lie close by. */
const READ_AHEAD_BYTES = 64 * 1024;

type Chunk = { readonly segment: number; readonly from: number; readonly bytes: Buffer };

export class EntryReader {
  readonly #segments: Segments;
  readonly #state: HardState;
  readonly #seed: number;
  /** Up to where the segment being written is durable. */
  readonly #durableEnd: () => { readonly segment: number; readonly end: number };
  #record: { readonly segment: number; readonly stored: StoredRecord } | undefined;
  #chunk: Chunk | undefined;

  constructor(
    segments: Segments,
    state: HardState,
    seed: number,
    durableEnd: () => { readonly segment: number; readonly end: number },
  ) {
    this.#segments = segments;
    this.#state = state;
    this.#seed = seed;
    this.#durableEnd = durableEnd;
  }

  /** See `Journal.readEntries`. @throws JOURNAL_CORRUPT also when a slot is missing that was learned. */
  read(fromSlot: Slot, untilSlot: Slot, maxBytes: number): ChosenEntry[] {
    const found: ChosenEntry[] = [];
    let bytes = 0;
    for (let slot = fromSlot; slot < untilSlot && this.#state.isChosen(slot); slot = (slot + 1) as Slot) {
      const place = this.#segments.find(slot);
      if (place === undefined) {
        throw corrupt(
          this.#segments.pathOf(this.#segments.last.segment),
          `the entry of slot ${slot} is missing although it was learned`,
          { slot },
        );
      }
      if (!this.#isDurable(place)) break;
      const entry = this.#entryAt(place, slot);
      bytes += entry.value.kind === 'batch' ? entry.value.bytes.length : 0;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    // Not kept between calls: memory is for those who use it.
    this.#chunk = undefined;
    this.#record = undefined;
    return found;
  }

  #isDurable({ segment, at }: Place): boolean {
    const durable = this.#durableEnd();
    return (
      segment.facts.segment < durable.segment ||
      (segment.facts.segment === durable.segment && at < durable.end)
    );
  }

  #entryAt({ segment, at }: Place, slot: Slot): ChosenEntry {
    const item = this.#recordAt(segment, at)?.items.findLast((candidate) => candidate.slot === slot);
    if (item?.isIntact() === true) return item.entry();
    throw corrupt(
      this.#segments.pathOf(segment.facts.segment),
      `the entry of slot ${slot}, in the record at offset ${at}, does not match its checksum`,
      { slot, offset: at },
    );
  }

  #recordAt(segment: LoadedSegment, at: number): StoredRecord | undefined {
    const number = segment.facts.segment;
    if (this.#record?.segment === number && this.#record.stored.at === at) return this.#record.stored;
    const chunk = this.#chunkWith(segment, at);
    const stored = readRecord(chunk.bytes, at - chunk.from, number, this.#seed, undefined, chunk.from);
    if (stored === undefined) return undefined;
    this.#record = { segment: number, stored: { ...stored, at } };
    return stored;
  }

  /** Bytes that begin at or before `at` and hold the record there whole, as far as it can be read. */
  #chunkWith(segment: LoadedSegment, at: number): Chunk {
    const number = segment.facts.segment;
    const held = this.#chunk;
    if (held?.segment === number && held.from <= at && this.#holdsRecord(held.bytes, at - held.from))
      return held;
    let bytes = readAt(segment, at, READ_AHEAD_BYTES);
    const header = readHeader(bytes, 0, this.#seed);
    const wanted = header === undefined ? 0 : recordBytes(header.itemCount, header.valueBytes);
    if (wanted > bytes.length) bytes = readAt(segment, at, wanted);
    this.#chunk = { segment: number, from: at, bytes };
    return this.#chunk;
  }

  #holdsRecord(bytes: Buffer, at: number): boolean {
    const header = at < bytes.length ? readHeader(bytes, at, this.#seed) : undefined;
    return header !== undefined && at + recordBytes(header.itemCount, header.valueBytes) <= bytes.length;
  }
}

function readAt({ file }: LoadedSegment, at: number, bytes: number): Buffer {
  // Not from the pool: views of it are handed out.
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(bytes, file.size - at)));
  return buffer.subarray(0, file.read(buffer, at));
}
