/**
 * Finds the entries of one shard by key: an open-addressing table of references, linear probing, no tombstones (a
 * removal shifts its followers back; Knuth, The Art of Computer Programming 3, 6.4, algorithm R). At most three
 * quarters full, so an empty place always ends a search.
 *
 * The hash begins from a random basis of this process: where an entry lies in the table is nobody's business, and
 * nobody can make keys that collide.
 */
import { hashOf } from './byte-span.ts';
import type { EntryArena } from './entry-arena.ts';

const FIRST_PLACES = 8;
const BASIS = Math.floor(Math.random() * 0x1_0000_0000) | 0;
const NONE = 0;

export class ShardTable {
  readonly #arena: EntryArena;
  /** A power of two long; 0 is an empty place. */
  #places = new Uint32Array(FIRST_PLACES);
  #count = 0;

  constructor(arena: EntryArena) {
    this.#arena = arena;
  }

  get count(): number {
    return this.#count;
  }

  /** The entry with this key, or 0. */
  find(source: Uint8Array, keyStart: number, keyEnd: number): number {
    return this.#places[this.#placeFor(source, keyStart, keyEnd)] as number;
  }

  /** Adds an entry whose key is not there yet. */
  insert(reference: number): void {
    if ((this.#count + 1) * 4 > this.#places.length * 3) this.#grow();
    this.#count += 1;
    this.#places[this.#emptyPlaceFor(reference)] = reference;
  }

  /** The entry `before` has become `after`, with the same key. */
  replace(before: number, after: number): void {
    const place = this.#placeOf(before);
    if (place !== undefined) this.#places[place] = after;
  }

  /** Is this very entry in use? */
  holds(reference: number): boolean {
    return this.#placeOf(reference) !== undefined;
  }

  remove(reference: number): void {
    let hole = this.#placeOf(reference);
    if (hole === undefined) return;
    this.#count -= 1;
    const mask = this.#places.length - 1;
    for (let place = (hole + 1) & mask; ; place = (place + 1) & mask) {
      const follower = this.#places[place] as number;
      if (follower === NONE) break;
      // It may fill the hole unless it belongs somewhere behind it.
      const distance = (place - this.#homeOf(follower)) & mask;
      if (distance < ((place - hole) & mask)) continue;
      this.#places[hole] = follower;
      hole = place;
    }
    this.#places[hole] = NONE;
  }

  *references(): Generator<number> {
    for (const reference of this.#places) if (reference !== NONE) yield reference;
  }

  #placeFor(source: Uint8Array, keyStart: number, keyEnd: number): number {
    const mask = this.#places.length - 1;
    let place = mix(hashOf(source, keyStart, keyEnd, BASIS)) & mask;
    for (;;) {
      const reference = this.#places[place] as number;
      if (reference === NONE || this.#arena.hasKey(reference, source, keyStart, keyEnd)) return place;
      place = (place + 1) & mask;
    }
  }

  #placeOf(wanted: number): number | undefined {
    const mask = this.#places.length - 1;
    for (let place = this.#homeOf(wanted); ; place = (place + 1) & mask) {
      const reference = this.#places[place] as number;
      if (reference === wanted) return place;
      if (reference === NONE) return undefined;
    }
  }

  #emptyPlaceFor(reference: number): number {
    const mask = this.#places.length - 1;
    let place = this.#homeOf(reference);
    while (this.#places[place] !== NONE) place = (place + 1) & mask;
    return place;
  }

  /** Where the entry would lie if nothing were in its way. */
  #homeOf(reference: number): number {
    const hash = this.#arena.withKey(reference, (bytes, start, end) => hashOf(bytes, start, end, BASIS));
    return mix(hash) & (this.#places.length - 1);
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Uint32Array(before.length * 2);
    for (const reference of before)
      if (reference !== NONE) this.#places[this.#emptyPlaceFor(reference)] = reference;
  }
}

/** The low bits of FNV-1a know little of the first bytes. */
function mix(hash: number): number {
  return hash ^ (hash >>> 15);
}
