/**
 * The bytes of a segment. A segment is a file of fixed size, written from its beginning to its end and never
 * twice in one place; what is not written yet is zero. It holds records, each the whole of one flush:
 *
 *   header  96 bytes, below
 *   items   40 bytes per entry: f64 slot | f64 round | f64 stampMs (-1: noop) | u32 node | u32 flags (1: chosen)
 *           | u32 valueBytes | u32 valueCrc
 *   values  the bytes of the entries, one behind the other
 *   zeros   up to the next sector: no write ever touches a sector that holds something acknowledged
 *
 * Every header carries the whole hard state, so the newest record says all that older ones said, and names the
 * place it lies in, its number and the checksum of the record before it, so that stale, moved or missing
 * records are not believed. The header has a checksum of its own, which covers those of items and, through
 * them, of values. All of them begin with a number that is secret to this storage: nobody's values can look
 * like a record. All numbers are little-endian.
 */
import { crc32 } from 'node:zlib';
import { type AcceptedEntry, asNodeId, asSlot, type Ballot, NOOP, type Slot } from '../../protocol/types.ts';

export const FORMAT_VERSION = 2;
export const SECTOR_BYTES = 512;
export const HEADER_BYTES = 96;
export const ITEM_BYTES = 40;
const MAGIC = 0x67657351;
const CHOSEN = 1;

/**
 * 'format': the only record of the first segment. 'open': the first of a life, behind the last of the one before while
 * there is room. 'rest': written when it is quiet, 'close': at a clean end; both say that everything before them was
 * acknowledged.
 */
export const RECORD_KINDS = ['writes', 'format', 'open', 'rest', 'close'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** The same in every record of one segment. */
export type SegmentFacts = {
  /** 1, 2, 3 ... without gaps. */
  readonly segment: number;
  /** Of the file. */
  readonly segmentBytes: number;
  /** What was learned when it began: all its entries are above. */
  readonly baseSlot: Slot;
  /** The oldest segment with an entry that was not learned when this one began. */
  readonly oldestSegment: number;
};

export type RecordHeader = SegmentFacts & {
  readonly kind: RecordKind;
  readonly group: number;
  /** Where in its segment it lies. */
  readonly offset: number;
  /** Rises by one with each record of the journal. */
  readonly number: number;
  /** `headerCrc` of the record before. */
  readonly previousCrc: number;
  readonly incarnation: number;
  readonly promised: Ballot;
  readonly learnedSlot: Slot;
  /** At least this version of the file `peers` is on the disk. */
  readonly peersVersion: number;
};

export type RecordItem = { readonly entry: AcceptedEntry; readonly chosen: boolean };

/** A header as it was read, with what is needed to go on. */
export type StoredHeader = RecordHeader & {
  readonly headerCrc: number;
  readonly itemCount: number;
  readonly itemsCrc: number;
  readonly valueBytes: number;
};

/** Length of a record on the disk. */
export function recordBytes(itemCount: number, valueBytes: number): number {
  const bytes = HEADER_BYTES + itemCount * ITEM_BYTES + valueBytes;
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/** Where the checksums of a storage begin. */
export function seedOf(storageId: string): number {
  return crc32(storageId);
}

/** Fills the beginning of `out`, which is large enough. Returns the length and the checksum for the chain. */
export function encodeRecord(
  header: RecordHeader,
  items: readonly RecordItem[],
  seed: number,
  out: Buffer,
): { readonly bytes: number; readonly headerCrc: number } {
  const valuesAt = HEADER_BYTES + items.length * ITEM_BYTES;
  let end = valuesAt;
  let at = HEADER_BYTES;
  for (const { entry, chosen } of items) {
    const value = entry.value.kind === 'batch' ? entry.value.bytes : undefined;
    out.writeDoubleLE(entry.slot, at);
    out.writeDoubleLE(entry.ballot.round, at + 8);
    out.writeDoubleLE(entry.value.kind === 'batch' ? entry.value.stampMs : -1, at + 16);
    out.writeUInt32LE(entry.ballot.node, at + 24);
    out.writeUInt32LE(chosen ? CHOSEN : 0, at + 28);
    out.writeUInt32LE(value?.length ?? 0, at + 32);
    out.writeUInt32LE(value === undefined ? 0 : crc32(value, seed), at + 36);
    at += ITEM_BYTES;
    if (value === undefined) continue;
    out.set(value, end);
    end += value.length;
  }
  const bytes = recordBytes(items.length, end - valuesAt);
  out.fill(0, end, bytes);
  const itemsCrc = crc32(out.subarray(HEADER_BYTES, valuesAt), seed);
  return { bytes, headerCrc: writeHeader(header, items.length, itemsCrc, end - valuesAt, seed, out) };
}

function writeHeader(
  header: RecordHeader,
  itemCount: number,
  itemsCrc: number,
  valueBytes: number,
  seed: number,
  out: Buffer,
): number {
  out.writeUInt32LE(MAGIC, 0);
  out.writeUInt16LE(FORMAT_VERSION, 8);
  out.writeUInt16LE(RECORD_KINDS.indexOf(header.kind), 10);
  out.writeUInt32LE(header.segment, 12);
  out.writeDoubleLE(header.number, 16);
  out.writeUInt32LE(header.previousCrc, 24);
  out.writeUInt32LE(header.group, 28);
  out.writeDoubleLE(header.promised.round, 32);
  out.writeDoubleLE(header.learnedSlot, 40);
  out.writeDoubleLE(header.baseSlot, 48);
  out.writeDoubleLE(header.segmentBytes, 56);
  out.writeUInt32LE(header.promised.node, 64);
  out.writeUInt32LE(header.incarnation, 68);
  out.writeUInt32LE(header.peersVersion, 72);
  out.writeUInt32LE(header.oldestSegment, 76);
  out.writeUInt32LE(itemCount, 80);
  out.writeUInt32LE(itemsCrc, 84);
  out.writeUInt32LE(valueBytes, 88);
  out.writeUInt32LE(header.offset, 92);
  const headerCrc = crc32(out.subarray(8, HEADER_BYTES), seed);
  out.writeUInt32LE(headerCrc, 4);
  return headerCrc;
}

/** Undefined when there is no header at `at`. Says nothing about items and values. */
export function readHeader(bytes: Buffer, at: number, seed: number): StoredHeader | undefined {
  if (bytes.length - at < HEADER_BYTES || bytes.readUInt32LE(at) !== MAGIC) return undefined;
  const headerCrc = bytes.readUInt32LE(at + 4);
  if (headerCrc !== crc32(bytes.subarray(at + 8, at + HEADER_BYTES), seed)) return undefined;
  const kind = RECORD_KINDS[bytes.readUInt16LE(at + 10)];
  if (kind === undefined || bytes.readUInt16LE(at + 8) !== FORMAT_VERSION) return undefined;
  return {
    kind,
    headerCrc,
    segment: bytes.readUInt32LE(at + 12),
    number: bytes.readDoubleLE(at + 16),
    previousCrc: bytes.readUInt32LE(at + 24),
    group: bytes.readUInt32LE(at + 28),
    promised: { round: bytes.readDoubleLE(at + 32), node: asNodeId(bytes.readUInt32LE(at + 64)) },
    learnedSlot: asSlot(bytes.readDoubleLE(at + 40)),
    baseSlot: asSlot(bytes.readDoubleLE(at + 48)),
    segmentBytes: bytes.readDoubleLE(at + 56),
    incarnation: bytes.readUInt32LE(at + 68),
    peersVersion: bytes.readUInt32LE(at + 72),
    oldestSegment: bytes.readUInt32LE(at + 76),
    itemCount: bytes.readUInt32LE(at + 80),
    itemsCrc: bytes.readUInt32LE(at + 84),
    valueBytes: bytes.readUInt32LE(at + 88),
    offset: bytes.readUInt32LE(at + 92),
  };
}

/** Undefined when the record does not end within `bytes` or its items are not those that were written. */
export function readItems(
  bytes: Buffer,
  at: number,
  header: StoredHeader,
  seed: number,
): StoredItem[] | undefined {
  const itemsAt = at + HEADER_BYTES;
  let valueAt = itemsAt + header.itemCount * ITEM_BYTES;
  if (valueAt + header.valueBytes > bytes.length) return undefined;
  if (crc32(bytes.subarray(itemsAt, valueAt), seed) !== header.itemsCrc) return undefined;
  return Array.from({ length: header.itemCount }, (_, index) => {
    const item = new StoredItem(bytes, itemsAt + index * ITEM_BYTES, valueAt, seed);
    valueAt += item.valueBytes;
    return item;
  });
}

/** One entry in the bytes of a record; decoded when asked for. */
export class StoredItem {
  readonly slot: Slot;
  readonly chosen: boolean;
  readonly valueBytes: number;
  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #valueAt: number;
  readonly #seed: number;

  constructor(bytes: Buffer, at: number, valueAt: number, seed: number) {
    this.slot = asSlot(bytes.readDoubleLE(at));
    this.chosen = bytes.readUInt32LE(at + 28) === CHOSEN;
    this.valueBytes = bytes.readUInt32LE(at + 32);
    this.#bytes = bytes;
    this.#at = at;
    this.#valueAt = valueAt;
    this.#seed = seed;
  }

  /** The value is what was written. */
  isIntact(): boolean {
    const value = this.#value();
    return this.#stampMs < 0
      ? value.length === 0
      : crc32(value, this.#seed) === this.#bytes.readUInt32LE(this.#at + 36);
  }

  /** The value is a view into the bytes of the record. */
  entry(): AcceptedEntry {
    const round = this.#bytes.readDoubleLE(this.#at + 8);
    const ballot = { round, node: asNodeId(this.#bytes.readUInt32LE(this.#at + 24)) };
    if (this.#stampMs < 0) return { slot: this.slot, ballot, value: NOOP };
    // A plain view: a Buffer has methods of the same names that do other things.
    const { buffer, byteOffset, byteLength } = this.#value();
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return { slot: this.slot, ballot, value: { kind: 'batch', stampMs: this.#stampMs, bytes } };
  }

  get #stampMs(): number {
    return this.#bytes.readDoubleLE(this.#at + 16);
  }

  #value(): Buffer {
    return this.#bytes.subarray(this.#valueAt, this.#valueAt + this.valueBytes);
  }
}
