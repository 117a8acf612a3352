/**
 * The part of MessagePack that the scripts inside Redis speak (`cmsgpack`): strings of bytes, integers, doubles, booleans,
 * nil, arrays and maps with string keys. Batches go in this form to the server, replies come back in it.
 */
import { decodeUtf8, malformed } from '@quorate/wire';

export type Packed = Uint8Array | number | boolean | null | PackedList | ReadonlyMap<string, Packed>;
export type PackedList = readonly Packed[];

/** Deeper than any reply; bounds the recursion over bytes that are damaged. */
const MAX_DEPTH = 20;

/** What goes to the server: byte strings, false, and arrays of them. */
export type Packable = Uint8Array | false | readonly Packable[];

/** Sized first and written in one go: a slot is thousands of short strings. */
export function pack(value: Packable): Uint8Array {
  const out = new Uint8Array(sizeOf(value));
  writeValue(out, 0, value);
  return out;
}

function sizeOf(value: Packable): number {
  if (value === false) return 1;
  if (value instanceof Uint8Array) return headSize(value.length, 31) + value.length;
  let size = headSize(value.length, 15);
  for (const each of value) size += sizeOf(each);
  return size;
}

function headSize(length: number, most: number): number {
  return length <= most ? 1 : length < 0x1_0000 ? 3 : 5;
}

/** @returns where the next value goes */
function writeValue(out: Uint8Array, at: number, value: Packable): number {
  if (value === false) {
    out[at] = 0xc2;
    return at + 1;
  }
  if (value instanceof Uint8Array) {
    const start = writeHead(out, at, value.length, 0xa0, 31, 0xda);
    out.set(value, start);
    return start + value.length;
  }
  let next = writeHead(out, at, value.length, 0x90, 15, 0xdc);
  for (const each of value) next = writeValue(out, next, each);
  return next;
}

/** `small` holds lengths up to `most` itself; `head16` is followed by two bytes of length, the head after it by four. */
function writeHead(
  out: Uint8Array,
  at: number,
  length: number,
  small: number,
  most: number,
  head16: number,
): number {
  if (length <= most) {
    out[at] = small | length;
    return at + 1;
  }
  const bytes = length < 0x1_0000 ? 2 : 4;
  out[at] = bytes === 2 ? head16 : head16 + 1;
  for (let index = 1; index <= bytes; index++) out[at + index] = (length >>> (8 * (bytes - index))) & 0xff;
  return at + 1 + bytes;
}

/** Byte strings are views. @throws QuorateError WIRE_MALFORMED */
export function unpack(bytes: Uint8Array): Packed {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed('bytes follow the end of a packed reply');
  }

  value(depth: number): Packed {
    if (depth > MAX_DEPTH) throw malformed('a packed reply is nested too deeply');
    const head = this.#unsigned(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 15, depth);
    if (head < 0xa0) return this.#list(head & 15, depth);
    if (head < 0xc0) return this.#raw(head & 31);
    if (head >= 0xe0) return head - 0x100;
    return this.#tagged(head, depth);
  }

  #tagged(head: number, depth: number): Packed {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xca:
        return this.#view.getFloat32(this.#take(4));
      case 0xcb:
        return this.#view.getFloat64(this.#take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(2 ** (head - 0xcc));
      case 0xcf:
        return Number(this.#view.getBigUint64(this.#take(8)));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return Number(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#raw(this.#unsigned(2 ** (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#unsigned(2 * (head - 0xdb)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 * (head - 0xdd)), depth);
      default:
        throw malformed(`a packed reply with head ${head}`);
    }
  }

  #list(length: number, depth: number): Packed[] {
    const list: Packed[] = [];
    for (let index = 0; index < length; index++) list.push(this.value(depth + 1));
    return list;
  }

  #map(size: number, depth: number): Map<string, Packed> {
    const map = new Map<string, Packed>();
    for (let index = 0; index < size; index++) {
      const key = this.value(depth + 1);
      if (!(key instanceof Uint8Array)) throw malformed('a packed map with a key that is no string');
      map.set(decodeUtf8(key), this.value(depth + 1));
    }
    return map;
  }

  #raw(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  #unsigned(size: number): number {
    const start = this.#take(size);
    return size === 1
      ? this.#view.getUint8(start)
      : size === 2
        ? this.#view.getUint16(start)
        : this.#view.getUint32(start);
  }

  #take(length: number): number {
    if (length > this.#bytes.length - this.#at) throw malformed('a packed reply ends too early');
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
