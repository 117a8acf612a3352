/**
 * Where a key belongs: its shard, which follows from the key alone and is part of the snapshot's format, and its home
 * within the table of that shard, which follows from numbers that this process drew by lot. Where an entry lies in a table
 * is so nobody's business, and nobody can make keys that collide.
 */
export const SHARD_COUNT = 4096;

const FNV_BASIS = 0x811c_9dc5 | 0;
const FNV_PRIME = 0x0100_0193;
const SECRET_BASIS = randomWord();
const SECRET_FACTOR = randomWord() | 1;

/** FNV-1a, folded. Shards are read in the order of this number. */
export function shardOf(source: DataView, start: number, end: number): number {
  return new KeyPlace().locate(source, start, end).shard;
}

/** Any 32 bits; a table uses the low ones. */
export function homeOf(source: DataView, start: number, end: number): number {
  return new KeyPlace().locate(source, start, end).home;
}

/** Both at once, in one walk over the key. */
export class KeyPlace {
  shard = 0;
  home = 0;

  locate(source: DataView, start: number, end: number): this {
    let known = FNV_BASIS;
    let secret = SECRET_BASIS;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = source.getInt32(at, true);
      known = Math.imul(known ^ (word & 0xff), FNV_PRIME);
      known = Math.imul(known ^ ((word >>> 8) & 0xff), FNV_PRIME);
      known = Math.imul(known ^ ((word >>> 16) & 0xff), FNV_PRIME);
      known = Math.imul(known ^ (word >>> 24), FNV_PRIME);
      secret = mix(secret ^ word);
    }
    for (; at < end; at++) {
      const byte = source.getUint8(at);
      known = Math.imul(known ^ byte, FNV_PRIME);
      secret = mix(secret ^ byte);
    }
    this.shard = (known ^ (known >>> 12) ^ (known >>> 24)) & (SHARD_COUNT - 1);
    this.home = secret ^ (secret >>> 15);
    return this;
  }
}

/** The high bits come down before the product carries the low ones up: a change anywhere is one everywhere. */
function mix(state: number): number {
  return Math.imul(state ^ (state >>> 16), SECRET_FACTOR);
}

function randomWord(): number {
  return Math.floor(Math.random() * 0x1_0000_0000) | 0;
}

const FIRST_PLACES = 64;

/** Where the keys of a batch belong, by ordinal. The columns are used again for the next batch. */
export class KeyPlaces {
  #count = 0;
  #starts = new Uint32Array(FIRST_PLACES);
  #ends = new Uint32Array(FIRST_PLACES);
  #shards = new Uint32Array(FIRST_PLACES);
  #homes = new Uint32Array(FIRST_PLACES);
  readonly #place = new KeyPlace();

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** The key of the next ordinal. */
  add(source: DataView, start: number, end: number): void {
    const ordinal = this.#count;
    if (ordinal === this.#shards.length) this.#grow();
    this.#count += 1;
    const { shard, home } = this.#place.locate(source, start, end);
    this.#starts[ordinal] = start;
    this.#ends[ordinal] = end;
    this.#shards[ordinal] = shard;
    this.#homes[ordinal] = home;
  }

  /** Is this the key with that ordinal? */
  isAt(ordinal: number, start: number, end: number): boolean {
    return ordinal < this.#count && this.#starts[ordinal] === start && this.#ends[ordinal] === end;
  }

  shardOf(ordinal: number): number {
    return this.#shards[ordinal] as number;
  }

  homeOf(ordinal: number): number {
    return this.#homes[ordinal] as number;
  }

  #grow(): void {
    this.#starts = twiceAsLong(this.#starts);
    this.#ends = twiceAsLong(this.#ends);
    this.#shards = twiceAsLong(this.#shards);
    this.#homes = twiceAsLong(this.#homes);
  }
}

function twiceAsLong(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(2 * column.length);
  longer.set(column);
  return longer;
}
