/**
 * The digest of an applied history: equal slots with equal histories have equal digests, and a node whose history
 * differs anywhere, ever, has another one from there on (HASH-EQUAL). It is part of the mark that every backend
 * stores, and what nodes compare to find divergence.
 *
 * Two lanes of 32 bits, because one checksum of 32 bits is too few for a chain that lives for years:
 *  - lane one is the CRC-32 of the whole history, each value's bytes preceded by its description; it finds every
 *    change within 32 neighbouring bits for certain;
 *  - lane two multiplies and mixes words (`fingerprint.ts`), so it shares no weakness with a CRC, which is linear.
 * Both read every byte and neither does so one byte at a time in JavaScript. The description is slot, kind, stamp
 * and length, so values cannot trade places or slide into each other.
 */
import { Fingerprinter } from '../ports/fingerprint.ts';
import type { Slot, Value } from '../protocol/types.ts';

/** CRC-32 (IEEE) of `bytes`, continuing from `seed`; unsigned. Node's `zlib.crc32` is one. */
export type Checksum = (bytes: Uint8Array, seed: number) => number;

/** Of slot 0: nothing was applied. */
export const GENESIS_DIGEST = '0000000000000000';

const KIND_NOOP = 0;
const KIND_BATCH = 1;
const NO_BYTES = new Uint8Array(0);
const HEADER_BYTES = 32;
const PREVIOUS_BYTES = 8;

/** The digest after `value` was applied at `slot`, from the one before it. 16 lower-case hexadecimal digits. */
export function chainDigest(previous: string, slot: Slot, value: Value, checksum: Checksum): string {
  const bytes = value.kind === 'batch' ? value.bytes : NO_BYTES;
  const previousHigh = Number.parseInt(previous.slice(0, 8), 16);
  const header = headerOf(previousHigh, Number.parseInt(previous.slice(8), 16), slot, value);
  // Without the digest before: a CRC that reads its own value forgets everything it knew.
  const described = checksum(header.subarray(PREVIOUS_BYTES), previousHigh);
  // Not for no bytes: Node's crc32 gives 0 instead of its seed for some empty arrays and not for others.
  const laneOne = bytes.length === 0 ? described : checksum(bytes, described);
  const hasher = new Fingerprinter();
  hasher.add(header);
  hasher.add(bytes);
  return hex32(laneOne) + hex32(hasher.value().low);
}

function headerOf(previousHigh: number, previousLow: number, slot: number, value: Value): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, previousHigh, true);
  view.setUint32(4, previousLow, true);
  view.setFloat64(8, slot, true);
  view.setUint32(16, value.kind === 'batch' ? KIND_BATCH : KIND_NOOP, true);
  view.setUint32(20, value.kind === 'batch' ? value.bytes.length : 0, true);
  view.setFloat64(24, value.kind === 'batch' ? value.stampMs : 0, true);
  return header;
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
