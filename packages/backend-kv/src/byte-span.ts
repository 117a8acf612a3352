/**
 * Keys and values as places in somebody else's bytes: a command is looked into where it lies, without a view or a
 * string being made of its parts.
 */

/** Of this many bytes, a copy costs less than a view. */
const SHORT_BYTES = 512;

/**
 * Words of bytes: the view through which they are read. Kept for as long as the same bytes are asked for, and short ones are
 * copied to where a view lies already, because making one takes longer than looking for a key.
 */
export class WordReader {
  #source: Uint8Array = new Uint8Array(0);
  #words = viewOver(this.#source);
  readonly #short = new Uint8Array(SHORT_BYTES);
  readonly #shortWords = viewOver(this.#short);

  /** Valid until the next call. */
  of(source: Uint8Array): DataView {
    if (source === this.#source) return this.#words;
    if (source.length > SHORT_BYTES) return this.keep(source);
    this.#short.set(source);
    return this.#shortWords;
  }

  /** For bytes that are asked for many times and do not change meanwhile. */
  keep(source: Uint8Array): DataView {
    this.#source = source;
    this.#words = viewOver(source);
    return this.#words;
  }
}

export function viewOver(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes from `start` up to, not including, `end` as a string with one character per byte: comparable, sortable. */
export function byteString(bytes: DataView, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}

/** A copy of the bytes from `start` up to, not including, `end`: the receiver's to keep. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = Buffer.allocUnsafe(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}
