/**
 * Finds entries by key: one open-addressing table of references for every shard, linear probing, no tombstones (a
 * removal shifts its followers back; Knuth, The Art of Computer Programming 3, 6.4, algorithm R). At most three
 * quarters full, so an empty place always ends a search.
 *
 * All tables lie in pages of numbers, and where each begins and how long it is in two short arrays: finding a key
 * touches one line of memory before the entry itself, and the garbage collector sees a page and not 4096 tables. The
 * place that a table leaves when it grows is kept for the next table of that length; such places hold at most as much
 * memory as the tables in use.
 */
import type { EntryArena } from './entry-arena.ts';
import { homeOf, SHARD_COUNT } from './key-place.ts';

const FIRST_PLACES = 8;
const PAGE_BITS = 16;
const PAGE_PLACES = 1 << PAGE_BITS;
const NONE = 0;

export class ShardTables {
  readonly #arena: EntryArena;
  /** 0 is an empty place. A table that is longer than a page has one of its own. */
  readonly #pages: Uint32Array[] = [new Uint32Array(PAGE_PLACES)];
  /** Places of the last page that no table was given yet. The first place stays empty: it is the table of all shards
   *  that never held a key. */
  #free = PAGE_PLACES - FIRST_PLACES;
  /** By shard: page and place where its table begins. */
  readonly #starts = new Uint32Array(SHARD_COUNT);
  /** By shard: the length of its table, a power of two, less one. */
  readonly #masks = new Uint32Array(SHARD_COUNT);
  readonly #counts = new Uint32Array(SHARD_COUNT);
  /** By length: the starts of tables that were left, all their places empty. */
  readonly #left = new Map<number, number[]>();

  constructor(arena: EntryArena) {
    this.#arena = arena;
  }

  /** The entry with this key, or 0. `home` is the key's `homeOf`. */
  find(shard: number, home: number, source: Uint8Array, keyStart: number, keyEnd: number): number {
    const { page, first, mask } = this.#table(shard);
    for (let place = home & mask; ; place = (place + 1) & mask) {
      const reference = page[first + place] as number;
      if (reference === NONE || this.#arena.hasKey(reference, source, keyStart, keyEnd)) return reference;
    }
  }

  /** Adds an entry whose key is not there yet. */
  insert(shard: number, reference: number): void {
    const count = (this.#counts[shard] as number) + 1;
    if (count * 4 > ((this.#masks[shard] as number) + 1) * 3) this.#grow(shard);
    this.#counts[shard] = count;
    this.#put(shard, reference);
  }

  /** The entry `before` has become `after`, with the same key. */
  replace(shard: number, before: number, after: number): void {
    const { page, first } = this.#table(shard);
    const place = this.#placeOf(shard, before);
    if (place !== undefined) page[first + place] = after;
  }

  /** Is this very entry in use? */
  holds(shard: number, reference: number): boolean {
    return this.#placeOf(shard, reference) !== undefined;
  }

  remove(shard: number, reference: number): void {
    let hole = this.#placeOf(shard, reference);
    if (hole === undefined) return;
    this.#counts[shard] = (this.#counts[shard] as number) - 1;
    const { page, first, mask } = this.#table(shard);
    for (let place = (hole + 1) & mask; ; place = (place + 1) & mask) {
      const follower = page[first + place] as number;
      if (follower === NONE) break;
      // It may fill the hole unless it belongs somewhere behind it.
      const distance = (place - this.#homeOf(follower)) & mask;
      if (distance < ((place - hole) & mask)) continue;
      page[first + hole] = follower;
      hole = place;
    }
    page[first + hole] = NONE;
  }

  /** Entries of one shard, in no order that means anything. */
  *references(shard: number): Generator<number> {
    const { page, first, mask } = this.#table(shard);
    for (let place = 0; place <= mask; place++) {
      const reference = page[first + place] as number;
      if (reference !== NONE) yield reference;
    }
  }

  #table(shard: number): { readonly page: Uint32Array; readonly first: number; readonly mask: number } {
    const start = this.#starts[shard] as number;
    const page = this.#pages[start >>> PAGE_BITS] as Uint32Array;
    return { page, first: start & (PAGE_PLACES - 1), mask: this.#masks[shard] as number };
  }

  #placeOf(shard: number, wanted: number): number | undefined {
    const { page, first, mask } = this.#table(shard);
    for (let place = this.#homeOf(wanted) & mask; ; place = (place + 1) & mask) {
      const reference = page[first + place] as number;
      if (reference === wanted) return place;
      if (reference === NONE) return undefined;
    }
  }

  #put(shard: number, reference: number): void {
    const { page, first, mask } = this.#table(shard);
    let place = this.#homeOf(reference) & mask;
    while (page[first + place] !== NONE) place = (place + 1) & mask;
    page[first + place] = reference;
  }

  #homeOf(reference: number): number {
    return this.#arena.withKey(reference, homeOf);
  }

  #grow(shard: number): void {
    const { page, first, mask } = this.#table(shard);
    const start = this.#starts[shard] as number;
    const before = page.slice(first, first + mask + 1);
    const length = Math.max(FIRST_PLACES, before.length * 2);
    this.#starts[shard] = this.#left.get(length)?.pop() ?? this.#place(length);
    this.#masks[shard] = length - 1;
    for (const reference of before) if (reference !== NONE) this.#put(shard, reference);
    if (before.length < FIRST_PLACES) return; // The common empty one.
    page.fill(NONE, first, first + before.length);
    const left = this.#left.get(before.length);
    if (left === undefined) this.#left.set(before.length, [start]);
    else left.push(start);
  }

  /** Where a table of this length fits that no table had before. */
  #place(length: number): number {
    if (length > this.#free) {
      const places = Math.max(PAGE_PLACES, length);
      this.#pages.push(new Uint32Array(places));
      this.#free = places;
    }
    const number = this.#pages.length - 1;
    const start = number * PAGE_PLACES + ((this.#pages[number] as Uint32Array).length - this.#free);
    this.#free -= length;
    return start;
  }
}
