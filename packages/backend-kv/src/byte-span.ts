/**
 * Keys and values as places in somebody else's bytes: a command is looked into where it lies, without a view or a
 * string being made of its parts.
 */

/** A view on the same memory that can make byte strings. */
export function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes from `start` up to, not including, `end` as a string with one character per byte: comparable, sortable. */
export function byteString(bytes: Uint8Array, start: number, end: number): string {
  return bufferOver(bytes).toString('latin1', start, end);
}

/** A copy of the bytes from `start` up to, not including, `end`: the receiver's to keep. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = Buffer.allocUnsafe(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}
