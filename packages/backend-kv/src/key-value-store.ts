/**
 * Keys and values in memory, and consistent images of them while they go on changing.
 *
 * Keys are spread over 4096 shards: a table that grows copies itself, so small ones keep every pause short. An image
 * costs nothing when it is taken. Until a shard has been read for the image, the first change of each of its keys leaves
 * the old value with the image (a write barrier); reading the shard then puts the old values back into its copy. Images
 * are read shard by shard, keys sorted within a shard: the same content gives the same sequence, whatever its history.
 *
 * How entries lie in memory is the business of `entry-arena.ts`, how they are found that of
 * `shard-tables.ts`.
 */
import { byteString } from './byte-span.ts';
import { EntryArena } from './entry-arena.ts';
import { KeyPlace, SHARD_COUNT, shardOf } from './key-place.ts';
import { ShardTables } from './shard-tables.ts';

/** Sorted by key, bytewise; a key is a string with one character per byte. Values are not to be changed. */
export type ShardEntries = readonly (readonly [key: string, value: Uint8Array])[];

export class KeyValueStore {
  readonly #arena: EntryArena;
  readonly #tables: ShardTables;
  /** Images that are still being read. */
  readonly #images = new Set<StoreImage>();
  readonly #place = new KeyPlace();
  #size = 0;

  /** `maxChunkBytes`: see `EntryArena`. */
  constructor(maxChunkBytes?: number) {
    this.#arena = new EntryArena(maxChunkBytes);
    this.#tables = new ShardTables(this.#arena);
  }

  /** Keys that are there. */
  get size(): number {
    return this.#size;
  }

  /** The value of the key that lies at `keyStart` in `source`; the receiver's to keep. */
  get(source: Uint8Array, keyStart: number, keyEnd: number): Uint8Array | undefined {
    const reference = this.#find(source, keyStart, keyEnd);
    return reference === 0 ? undefined : this.#arena.valueOf(reference);
  }

  /** Key and value are copied out of `source`. */
  set(source: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const reference = this.#find(source, keyStart, keyEnd);
    const { shard } = this.#place;
    if (this.#images.size > 0) this.#preserve(shard, source, keyStart, keyEnd, reference);
    if (reference === 0) {
      this.#tables.insert(shard, this.#arena.add(source, keyStart, keyEnd, valueStart, valueEnd));
      this.#size += 1;
    } else if (!this.#arena.overwrite(reference, source, valueStart, valueEnd)) {
      this.#tables.replace(shard, reference, this.#arena.add(source, keyStart, keyEnd, valueStart, valueEnd));
      this.#discard(reference);
    }
  }

  /** Returns the value that is gone now; undefined when there was none. */
  delete(source: Uint8Array, keyStart: number, keyEnd: number): Uint8Array | undefined {
    const reference = this.#find(source, keyStart, keyEnd);
    if (reference === 0) return undefined;
    const { shard } = this.#place;
    if (this.#images.size > 0) this.#preserve(shard, source, keyStart, keyEnd, reference);
    const old = this.#arena.valueOf(reference);
    this.#tables.remove(shard, reference);
    this.#size -= 1;
    this.#discard(reference);
    return old;
  }

  /** The content as it is now, for as long as it takes to read it. To be released. */
  image(): StoreImage {
    const image: StoreImage = new StoreImage(this.#arena, this.#tables, () => this.#images.delete(image));
    this.#images.add(image);
    return image;
  }

  /** The entry, or 0. Leaves the key's shard in `#place`. */
  #find(source: Uint8Array, keyStart: number, keyEnd: number): number {
    const place = this.#place;
    place.locate(source, keyStart, keyEnd);
    return this.#tables.find(place.shard, place.home, source, keyStart, keyEnd);
  }

  #preserve(shard: number, source: Uint8Array, keyStart: number, keyEnd: number, reference: number): void {
    const key = byteString(source, keyStart, keyEnd);
    const old = reference === 0 ? undefined : this.#arena.valueOf(reference);
    for (const image of this.#images) image.preserve(shard, key, old);
  }

  #discard(reference: number): void {
    this.#arena.discard(reference);
    const chunk = this.#arena.takeWasteful();
    if (chunk !== undefined) this.#compact(chunk);
  }

  /** About a millisecond for a chunk of a megabyte. */
  #compact(chunk: number): void {
    for (const reference of this.#arena.referencesIn(chunk)) {
      const shard = this.#arena.withKey(reference, shardOf);
      if (this.#tables.holds(shard, reference))
        this.#tables.replace(shard, reference, this.#arena.move(reference));
    }
    this.#arena.release(chunk);
  }
}

export class StoreImage {
  readonly #arena: EntryArena;
  readonly #tables: ShardTables;
  readonly #onRelease: () => void;
  /** By shard: the values at the time of the image of keys that changed since; undefined: the key was not there. */
  readonly #before: (Map<string, Uint8Array | undefined> | undefined)[] = [];
  /** Shards below this one were read. */
  #next = 0;

  constructor(arena: EntryArena, tables: ShardTables, onRelease: () => void) {
    this.#arena = arena;
    this.#tables = tables;
    this.#onRelease = onRelease;
  }

  /** The write barrier: called before the store changes a key. Only the first change of a key counts. */
  preserve(shard: number, key: string, old: Uint8Array | undefined): void {
    if (shard < this.#next) return;
    const before = (this.#before[shard] ??= new Map());
    if (!before.has(key)) before.set(key, old);
  }

  /** The next shard that holds something; undefined at the end. */
  nextShard(): { readonly shard: number; readonly entries: ShardEntries } | undefined {
    while (this.#next < SHARD_COUNT) {
      const shard = this.#next;
      const entries = this.#entriesOf(shard);
      this.#next = shard + 1;
      this.#before[shard] = undefined;
      if (entries.length > 0) return { shard, entries };
    }
    return undefined;
  }

  /** Ends the write barrier. Idempotent. */
  release(): void {
    this.#next = SHARD_COUNT;
    this.#onRelease();
  }

  #entriesOf(shard: number): ShardEntries {
    const entries: (readonly [string, Uint8Array])[] = [];
    const before = this.#before[shard];
    for (const reference of this.#tables.references(shard)) {
      const key = this.#arena.withKey(reference, byteString);
      if (before === undefined || !before.has(key)) entries.push([key, this.#arena.valueOf(reference)]);
    }
    for (const [key, old] of before ?? []) if (old !== undefined) entries.push([key, old]);
    return entries.sort((left, right) => (left[0] < right[0] ? -1 : 1));
  }
}
