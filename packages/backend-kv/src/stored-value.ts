/**
 * How keys and values lie in memory: bytes as strings with one byte per character, which cost their length and 16
 * bytes more, where a `Uint8Array` of its own costs some 400. Large values are worth that and stay byte arrays.
 *
 * Everything stored is a copy: a command is a view into a batch of perhaps a megabyte, and one small value must not
 * keep that alive.
 */

/** A short value as a byte string, or a long one as bytes that nobody changes. */
export type StoredValue = string | Uint8Array;

/** Values up to this length are stored as byte strings. */
const SHORT_VALUE_BYTES = 1024;

/** A view on the same memory that can make byte strings. */
export function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes from `start` up to, not including, `end`, one character per byte. */
export function byteString(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('latin1', start, end);
}

/** Returns how many bytes were written, which is the length of the key or value. */
export function writeBytes(out: Buffer, offset: number, value: StoredValue): number {
  if (typeof value === 'string') return out.write(value, offset, 'latin1');
  out.set(value, offset);
  return value.length;
}

export function storedValue(buffer: Buffer, start: number, end: number): StoredValue {
  return end - start <= SHORT_VALUE_BYTES
    ? byteString(buffer, start, end)
    : new Uint8Array(buffer.subarray(start, end));
}

/** Bytes that the receiver may keep and must not change. */
export function valueBytes(value: StoredValue): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
}
