/**
 * Checksums of rows: crc32 over every stored field, so that a flipped bit in a number is found like one in a
 * value. Numbers go in as little-endian doubles, which hold every field exactly; texts with a separator that
 * none of them contains.
 *
 * The functions take what the database gave, whatever that is: a field of a wrong type gives a checksum that
 * does not match, not an exception.
 */
import { crc32 } from 'node:zlib';
import type { PeerRecord } from '../../ports/journal.ts';

export type EntryFields = {
  readonly slot: number;
  readonly round: number;
  readonly node: number;
  readonly chosen: number;
  /** Null exactly when `value` is. */
  readonly stamp_ms: number | null;
  readonly value: Uint8Array | null;
};

export type StateFields = {
  readonly number: number;
  readonly incarnation: number;
  readonly promised_round: number;
  readonly promised_node: number;
  readonly learned_slot: number;
  readonly tail_count: number;
  readonly tail_crc: number;
};

export type IdentityFields = {
  readonly format_version: number;
  readonly cluster_id: string;
  readonly genesis_digest: string;
  readonly node: number;
  readonly storage_id: string;
};

/** Reused by every call: nothing here is asynchronous. */
const scratch = new Uint8Array(8 * 9);
const numbers = new DataView(scratch.buffer);

function crcOfNumbers(...fields: number[]): number {
  for (const [index, field] of fields.entries()) numbers.setFloat64(index * 8, numberOf(field), true);
  return crc32(scratch.subarray(0, fields.length * 8));
}

/** A bit of the database's own bookkeeping makes a text of bytes, or bytes of a number: it must not read as the same. */
function numberOf(field: number): number {
  return typeof field === 'number' ? field : Number.NaN;
}

function textOf(field: string): string {
  return typeof field === 'string' ? field : `\0 not a text but ${typeof field}`;
}

/** The hot one: no array and no closure per row. */
export function entryCrc(group: number, entry: EntryFields): number {
  numbers.setFloat64(0, group, true);
  numbers.setFloat64(8, numberOf(entry.slot), true);
  numbers.setFloat64(16, numberOf(entry.round), true);
  numbers.setFloat64(24, numberOf(entry.node), true);
  numbers.setFloat64(32, numberOf(entry.chosen), true);
  numbers.setFloat64(40, numberOf(entry.stamp_ms ?? -1), true);
  const head = crc32(scratch.subarray(0, 48));
  return entry.value instanceof Uint8Array ? crc32(entry.value, head) : head;
}

export function stateCrc(group: number, state: StateFields): number {
  return crcOfNumbers(
    group,
    state.number,
    state.incarnation,
    state.promised_round,
    state.promised_node,
    state.learned_slot,
    state.tail_count,
    state.tail_crc,
  );
}

export function identityCrc(group: number, row: IdentityFields): number {
  const fields = [row.cluster_id, row.genesis_digest, row.storage_id].map(textOf);
  return crc32(fields.join('\n'), crcOfNumbers(group, row.format_version, row.node));
}

export function peerCrc(peer: PeerRecord): number {
  return crc32(
    `${textOf(peer.storageId)}\n${textOf(peer.processNonce)}`,
    crcOfNumbers(peer.node, peer.incarnation),
  );
}

/** Of all peers together: `peerCrcs` are the checksums of their rows. */
export function peerSetOf(peerCrcs: readonly number[]): { readonly count: number; readonly peerCrc: number } {
  return { count: peerCrcs.length, peerCrc: peerCrcs.reduce((sum, crc) => (sum ^ crc) >>> 0, 0) };
}

export function peerSetCrc(set: { readonly count: number; readonly peerCrc: number }): number {
  return crcOfNumbers(set.count, set.peerCrc);
}
