/**
 * Cursors over byte arrays: the only place where numbers become bytes and bytes become numbers.
 *
 * Owns bounds: a reader never reads past its end and never allocates by a length it has not checked against
 * the bytes that are there. Leaves meaning to the codecs. Little-endian throughout. Integers up to 2^53 - 1
 * travel as IEEE doubles, which hold them exactly and need no BigInt.
 */
import { QuorateError } from './errors.ts';

/** Grows by doubling. `bytes()` returns a copy of exactly what was written, `view()` the thing itself. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = 256) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** A safe integer from 0 to 2^53 - 1. */
  integer(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new QuorateError('ARGUMENT', `not an integer from 0 to 2^53-1: ${String(value)}`);
    }
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** The bytes as they are, without a length. */
  raw(source: Uint8Array): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  /** u32 length, then the bytes. */
  block(source: Uint8Array): void {
    this.u32(source.length);
    this.raw(source);
  }

  /** u32 length in bytes, then UTF-8. */
  text(value: string): void {
    this.block(encodeUtf8(value));
  }

  /** Overwrites a u32 that was written earlier at `offset`. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  /** Overwrites a u16 that was written earlier at `offset`. */
  patchU16(offset: number, value: number): void {
    this.#view.setUint16(offset, value, true);
  }

  /** A copy; the writer can be reset and used again. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Not a copy: valid until the next call that writes or resets. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads forward. Every method throws `WIRE_MALFORMED` rather than read past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, from = 0, until: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = from;
    this.#end = until;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  integer(): number {
    const value = this.#view.getFloat64(this.#take(8), true);
    // -0 would encode back to other bytes than it came from; a decoder accepts one spelling only.
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw malformed('an integer from 0 to 2^53-1 was expected');
    }
    return value;
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw malformed('a flag must be 0 or 1');
    return value === 1;
  }

  /** Leaves out `length` bytes; returns where they begin in the input. */
  skip(length: number): number {
    return this.#take(length);
  }

  /** A view into the input, not a copy: copy what outlives the frame. */
  raw(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A view into the input, not a copy: copy what outlives the frame. */
  block(maxBytes = 0xffff_ffff): Uint8Array {
    const length = this.u32();
    if (length > maxBytes) throw malformed(`a block of ${length} bytes is over its limit of ${maxBytes}`);
    return this.raw(length);
  }

  text(maxBytes = 65_536): string {
    return decodeUtf8(this.block(maxBytes));
  }

  /** Throws unless everything was read: trailing bytes mean that the two sides disagree on the format. */
  end(): void {
    if (this.remaining !== 0) throw malformed(`${this.remaining} bytes follow the end of the message`);
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#end - start) {
      throw malformed(`${length} bytes were expected and ${this.#end - start} are left`);
    }
    this.#offset = start + length;
    return start;
  }
}

export function malformed(what: string): QuorateError {
  return new QuorateError('WIRE_MALFORMED', `malformed bytes: ${what}`);
}

/** Equal length and equal content. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}

/** Lone surrogates become U+FFFD, as in the WHATWG encoding standard. */
export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      out[length++] = point;
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) {
      const next = index + 1 < text.length ? text.charCodeAt(index + 1) : 0;
      if (point < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
        index += 1;
      } else {
        point = 0xfffd;
      }
    }
    if (point < 0x800) {
      out[length++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x10000) {
        out[length++] = 0xe0 | (point >> 12);
      } else {
        out[length++] = 0xf0 | (point >> 18);
        out[length++] = 0x80 | ((point >> 12) & 0x3f);
      }
      out[length++] = 0x80 | ((point >> 6) & 0x3f);
    }
    out[length++] = 0x80 | (point & 0x3f);
  }
  return out.slice(0, length);
}

/** Invalid sequences become U+FFFD; never throws. */
export function decodeUtf8(bytes: Uint8Array): string {
  const parts: string[] = [];
  let chunk: number[] = [];
  let index = 0;
  while (index < bytes.length) {
    const [point, size] = decodePoint(bytes, index);
    index += size;
    chunk.push(point);
    if (chunk.length === 4096) {
      parts.push(String.fromCodePoint(...chunk));
      chunk = [];
    }
  }
  parts.push(String.fromCodePoint(...chunk));
  return parts.join('');
}

/** The code point that starts at `index`, and how many bytes it takes. */
function decodePoint(bytes: Uint8Array, index: number): readonly [number, number] {
  const first = bytes[index] ?? 0;
  if (first < 0x80) return [first, 1];
  const size =
    first >= 0xf0 && first <= 0xf4
      ? 4
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xc2 && first < 0xe0
          ? 2
          : 0;
  if (size === 0 || index + size > bytes.length) return [0xfffd, 1];
  let point = first & (0xff >> (size + 1));
  for (let step = 1; step < size; step++) {
    const next = bytes[index + step] ?? 0;
    if ((next & 0xc0) !== 0x80) return [0xfffd, 1];
    point = (point << 6) | (next & 0x3f);
  }
  const overlong = (size === 3 && point < 0x800) || (size === 4 && point < 0x10000);
  if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return [0xfffd, 1];
  return [point, size];
}
