/**
 * The index of a finished segment, written behind its last record when the next segment has begun, so that looking up a
 * slot later does not read all of the segment. Two columns and a trailer at the very end of the file:
 *
 *   f64 slot, per entry, ascending | u32 offset of the record, per entry
 *   u32 magic | u32 entries | u32 segment | u32 previousCrc and f64 number of the record that begins the next segment | u32 crc
 *
 * It is a convenience: a segment without one, or with one that is damaged, cut short or of another end of the segment,
 * is read as a whole instead. All numbers are little-endian; the checksum covers everything before it and begins with
 * the number that is secret to the storage.
 */
import { crc32 } from 'node:zlib';
import type { JournalFile } from '../../ports/journal-disk.ts';
import type { Link } from './scan.ts';
import { SlotIndex, type SortedIndex } from './slot-index.ts';

const MAGIC = 0x67657849;
const TRAILER_BYTES = 28;
const SLOT_BYTES = 8;
const OFFSET_BYTES = 4;

/** `following`: the record that begins the next segment. */
export function encodeSeal(
  { slots, offsets }: SortedIndex,
  segment: number,
  following: Link,
  seed: number,
): Buffer {
  const count = slots.length;
  const offsetsAt = count * SLOT_BYTES;
  const trailerAt = offsetsAt + count * OFFSET_BYTES;
  const out = Buffer.allocUnsafeSlow(trailerAt + TRAILER_BYTES);
  for (let index = 0; index < count; index++) {
    out.writeDoubleLE(slots[index] as number, index * SLOT_BYTES);
    out.writeUInt32LE(offsets[index] as number, offsetsAt + index * OFFSET_BYTES);
  }
  out.writeUInt32LE(MAGIC, trailerAt);
  out.writeUInt32LE(count, trailerAt + 4);
  out.writeUInt32LE(segment, trailerAt + 8);
  out.writeUInt32LE(following.previousCrc, trailerAt + 12);
  out.writeDoubleLE(following.number, trailerAt + 16);
  out.writeUInt32LE(crc32(out.subarray(0, trailerAt + 24), seed), trailerAt + 24);
  return out;
}

/** Undefined when there is none that fits. */
export function readSeal(
  file: JournalFile,
  segment: number,
  following: Link,
  seed: number,
): SlotIndex | undefined {
  const end = file.size;
  const trailer = Buffer.alloc(TRAILER_BYTES);
  if (end < TRAILER_BYTES || file.read(trailer, end - TRAILER_BYTES) < TRAILER_BYTES) return undefined;
  const count = trailer.readUInt32LE(4);
  const bytes = count * (SLOT_BYTES + OFFSET_BYTES) + TRAILER_BYTES;
  const fits =
    trailer.readUInt32LE(0) === MAGIC &&
    trailer.readUInt32LE(8) === segment &&
    trailer.readUInt32LE(12) === following.previousCrc &&
    trailer.readDoubleLE(16) === following.number;
  if (!fits || bytes > end) return undefined;
  const seal = Buffer.allocUnsafeSlow(bytes);
  if (file.read(seal, end - bytes) < bytes) return undefined;
  if (crc32(seal.subarray(0, bytes - 4), seed) !== seal.readUInt32LE(bytes - 4)) return undefined;
  return indexIn(seal, count);
}

function indexIn(seal: Buffer, count: number): SlotIndex {
  const offsetsAt = count * SLOT_BYTES;
  const slots = new Float64Array(count);
  const offsets = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    slots[index] = seal.readDoubleLE(index * SLOT_BYTES);
    offsets[index] = seal.readUInt32LE(offsetsAt + index * OFFSET_BYTES);
  }
  return new SlotIndex({ slots, offsets });
}
