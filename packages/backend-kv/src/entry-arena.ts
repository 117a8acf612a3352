/**
 * Keys and values in large pieces of memory instead of millions of small objects: the garbage collector has nothing
 * to walk and nothing to move, and an entry costs its bytes and a header.
 *
 *   entry   u32 length of the key | u32 length of the value | key | value | up to 7 bytes of padding
 *
 * An entry is named by a *reference*: its position in units of 8 bytes over all chunks, never 0. A chunk is filled from
 * the front; what was overwritten or removed in it is counted, and a chunk that is mostly waste is given to the owner,
 * who moves what is still in use. Values above LARGE_VALUE_BYTES lie outside, as byte arrays of their own.
 */
import { copyOf } from './byte-span.ts';

const UNIT_BYTES = 8;
const HEADER_BYTES = 8;
/** Of the reference, this many low bits are the position within a chunk. */
const POSITION_BITS = 17;
const POSITION_MASK = (1 << POSITION_BITS) - 1;
const MAX_CHUNK_BYTES = UNIT_BYTES << POSITION_BITS;
/** References are unsigned numbers of 32 bits. */
const MAX_CHUNKS = 1 << (32 - POSITION_BITS);
/** A store begins small: there may be many in one process. Every further chunk is twice as large, up to the most. */
const FIRST_CHUNK_BYTES = 16 * 1024;
const LARGE_VALUE_BYTES = 64 * 1024;
/** The value lies outside the chunk. */
const OUTSIDE = 0x8000_0000;

type Chunk = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  used: number;
  /** Bytes of entries that are no longer in use. */
  wasted: number;
  /** Waits to be compacted. */
  isWasteful: boolean;
};

export class EntryArena {
  /** By number; a hole is a chunk that was given back. */
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #holes: number[] = [];
  /** Chunks that are mostly waste and wait to be compacted. */
  readonly #wasteful: number[] = [];
  readonly #maxChunkBytes: number;
  #nextChunkBytes: number;
  #current = 0;
  /** By reference. */
  readonly #large = new Map<number, Uint8Array>();

  /** `maxChunkBytes`: at most and by default 1 MiB; tests take less, so that chunks change often. */
  constructor(maxChunkBytes: number = MAX_CHUNK_BYTES) {
    this.#maxChunkBytes = Math.min(maxChunkBytes, MAX_CHUNK_BYTES);
    this.#nextChunkBytes = Math.min(FIRST_CHUNK_BYTES, this.#maxChunkBytes);
    this.#current = this.#openChunk(0);
  }

  /** Copies key and value out of `source`. Returns the reference. */
  add(source: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): number {
    const keyBytes = keyEnd - keyStart;
    const valueBytes = valueEnd - valueStart;
    const isLarge = valueBytes > LARGE_VALUE_BYTES;
    const size = entrySize(keyBytes, isLarge ? 0 : valueBytes);
    const number = this.#chunkWithRoom(size);
    const chunk = this.#chunk(number);
    const at = chunk.used;
    const reference = number * (1 << POSITION_BITS) + at / UNIT_BYTES;
    chunk.used += size;
    chunk.view.setUint32(at, keyBytes, true);
    chunk.bytes.set(source.subarray(keyStart, keyEnd), at + HEADER_BYTES);
    if (isLarge) {
      chunk.view.setUint32(at + 4, OUTSIDE, true);
      this.#large.set(reference, source.slice(valueStart, valueEnd));
    } else {
      chunk.view.setUint32(at + 4, valueBytes, true);
      chunk.bytes.set(source.subarray(valueStart, valueEnd), at + HEADER_BYTES + keyBytes);
    }
    return reference;
  }

  /** Puts another value where the old one lies; false when it needs another amount of memory. */
  overwrite(reference: number, source: Uint8Array, valueStart: number, valueEnd: number): boolean {
    const { bytes, view } = this.#chunkOf(reference);
    const at = positionOf(reference);
    const keyBytes = view.getUint32(at, true);
    const before = view.getUint32(at + 4, true);
    const after = valueEnd - valueStart;
    if (before === OUTSIDE || after > LARGE_VALUE_BYTES) return false;
    if (entrySize(keyBytes, before) !== entrySize(keyBytes, after)) return false;
    view.setUint32(at + 4, after, true);
    bytes.set(source.subarray(valueStart, valueEnd), at + HEADER_BYTES + keyBytes);
    return true;
  }

  /** The entry is not in use any more. */
  discard(reference: number): void {
    const number = reference >>> POSITION_BITS;
    const chunk = this.#chunk(number);
    chunk.wasted += sizeAt(chunk.view, positionOf(reference));
    this.#large.delete(reference);
    this.#noteWaste(number);
  }

  /** A chunk that is mostly waste: move what is in use there, then `release` it. Undefined when there is none. */
  takeWasteful(): number | undefined {
    return this.#wasteful.pop();
  }

  /** References of everything that was ever added to the chunk, in use or not. */
  *referencesIn(number: number): Generator<number> {
    const { view, used } = this.#chunk(number);
    for (let at = startOf(number); at < used; at += sizeAt(view, at))
      yield number * (1 << POSITION_BITS) + at / UNIT_BYTES;
  }

  /** A copy of the entry in the chunk that is being filled; returns its reference. */
  move(reference: number): number {
    const { bytes, view } = this.#chunkOf(reference);
    const keyStart = positionOf(reference) + HEADER_BYTES;
    const keyEnd = keyStart + view.getUint32(keyStart - HEADER_BYTES, true);
    const valueBytes = view.getUint32(keyStart - 4, true);
    if (valueBytes !== OUTSIDE) return this.add(bytes, keyStart, keyEnd, keyEnd, keyEnd + valueBytes);
    const moved = this.add(bytes, keyStart, keyEnd, keyEnd, keyEnd);
    this.#chunkOf(moved).view.setUint32(positionOf(moved) + 4, OUTSIDE, true);
    this.#large.set(moved, this.#large.get(reference) as Uint8Array);
    this.#large.delete(reference);
    return moved;
  }

  /** Gives the chunk's memory back; nothing in it is in use. */
  release(number: number): void {
    this.#chunks[number] = undefined;
    this.#holes.push(number);
  }

  hasKey(reference: number, source: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const { bytes, view } = this.#chunkOf(reference);
    const at = positionOf(reference);
    const length = keyEnd - keyStart;
    if (view.getUint32(at, true) !== length) return false;
    const start = at + HEADER_BYTES;
    for (let index = 0; index < length; index++)
      if (bytes[start + index] !== source[keyStart + index]) return false;
    return true;
  }

  /** Calls `look` with the place of the entry's key, which is valid during the call. */
  withKey<T>(reference: number, look: (bytes: Uint8Array, start: number, end: number) => T): T {
    const { bytes, view } = this.#chunkOf(reference);
    const start = positionOf(reference) + HEADER_BYTES;
    return look(bytes, start, start + view.getUint32(start - HEADER_BYTES, true));
  }

  /** The value, the receiver's to keep and, like all results, not to be changed. */
  valueOf(reference: number): Uint8Array {
    const { bytes, view } = this.#chunkOf(reference);
    const at = positionOf(reference);
    const valueBytes = view.getUint32(at + 4, true);
    if (valueBytes === OUTSIDE) return this.#large.get(reference) as Uint8Array;
    const start = at + HEADER_BYTES + view.getUint32(at, true);
    return copyOf(bytes, start, start + valueBytes);
  }

  #chunkOf(reference: number): Chunk {
    return this.#chunk(reference >>> POSITION_BITS);
  }

  #chunk(number: number): Chunk {
    return this.#chunks[number] as Chunk;
  }

  #chunkWithRoom(size: number): number {
    const full = this.#current;
    const { used, bytes } = this.#chunk(full);
    if (used + size <= bytes.length) return full;
    this.#current = this.#openChunk(size);
    this.#noteWaste(full);
    return this.#current;
  }

  /** The chunk that is being filled is never compacted: it would be moved into itself. */
  #noteWaste(number: number): void {
    const chunk = this.#chunk(number);
    if (number === this.#current || chunk.isWasteful || chunk.wasted * 2 <= chunk.used) return;
    chunk.isWasteful = true;
    this.#wasteful.push(number);
  }

  #openChunk(size: number): number {
    const bytes = new Uint8Array(Math.max(size + UNIT_BYTES, this.#nextChunkBytes));
    this.#nextChunkBytes = Math.min(this.#maxChunkBytes, this.#nextChunkBytes * 2);
    const number = this.#holes.pop() ?? this.#chunks.length;
    if (number >= MAX_CHUNKS) throw new RangeError('the key-value store holds 32 GiB and is full');
    this.#chunks[number] = {
      bytes,
      view: new DataView(bytes.buffer),
      used: startOf(number),
      wasted: 0,
      isWasteful: false,
    };
    return number;
  }
}

/** Reference 0 means "none", so nothing lies there. */
function startOf(number: number): number {
  return number === 0 ? UNIT_BYTES : 0;
}

function positionOf(reference: number): number {
  return (reference & POSITION_MASK) * UNIT_BYTES;
}

function entrySize(keyBytes: number, valueBytes: number): number {
  return Math.ceil((HEADER_BYTES + keyBytes + valueBytes) / UNIT_BYTES) * UNIT_BYTES;
}

function sizeAt(view: DataView, at: number): number {
  const valueBytes = view.getUint32(at + 4, true);
  return entrySize(view.getUint32(at, true), valueBytes === OUTSIDE ? 0 : valueBytes);
}
