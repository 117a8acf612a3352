/**
 * Keys and values in memory, and consistent images of them while they go on changing.
 *
 * Keys are spread over 4096 Maps: growing a Map copies all of it at once, and one Map cannot hold more than 2^24 keys,
 * so small ones keep every pause short. An image costs nothing when it is taken. Until a shard has been read for the
 * image, the first change of each of its keys leaves the old value with the image (a write barrier); reading the
 * shard then puts the old values back into its copy. Images are read shard by shard, keys sorted within a shard:
 * the same content gives the same sequence, whatever its history.
 */
import type { StoredValue } from './stored-value.ts';

export const SHARD_COUNT = 4096;

/** Sorted by key; keys are byte strings, see stored-value.ts. */
export type ShardEntries = readonly (readonly [key: string, value: StoredValue])[];

export class KeyValueStore {
  readonly #shards: readonly Map<string, StoredValue>[] = Array.from(
    { length: SHARD_COUNT },
    () => new Map<string, StoredValue>(),
  );
  /** Images that are still being read. */
  readonly #images = new Set<StoreImage>();
  #size = 0;

  /** Keys that are there. */
  get size(): number {
    return this.#size;
  }

  get(key: string): StoredValue | undefined {
    return this.#shard(shardOf(key)).get(key);
  }

  set(key: string, value: StoredValue): void {
    const number = shardOf(key);
    const shard = this.#shard(number);
    if (this.#images.size > 0) this.#preserve(number, key, shard.get(key));
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  /** Returns the value that is gone now; undefined when there was none. */
  delete(key: string): StoredValue | undefined {
    const number = shardOf(key);
    const shard = this.#shard(number);
    const old = shard.get(key);
    if (old === undefined) return undefined;
    if (this.#images.size > 0) this.#preserve(number, key, old);
    shard.delete(key);
    this.#size -= 1;
    return old;
  }

  /** The content as it is now, for as long as it takes to read it. To be released. */
  image(): StoreImage {
    const image: StoreImage = new StoreImage(this.#shards, () => this.#images.delete(image));
    this.#images.add(image);
    return image;
  }

  #shard(number: number): Map<string, StoredValue> {
    return this.#shards[number] as Map<string, StoredValue>;
  }

  #preserve(shard: number, key: string, old: StoredValue | undefined): void {
    for (const image of this.#images) image.preserve(shard, key, old);
  }
}

export class StoreImage {
  readonly #shards: readonly ReadonlyMap<string, StoredValue>[];
  readonly #onRelease: () => void;
  /** By shard: the values at the time of the image of keys that changed since; undefined: the key was not there. */
  readonly #before: (Map<string, StoredValue | undefined> | undefined)[] = [];
  /** Shards below this one were read. */
  #next = 0;

  constructor(shards: readonly ReadonlyMap<string, StoredValue>[], onRelease: () => void) {
    this.#shards = shards;
    this.#onRelease = onRelease;
  }

  /** The write barrier: called before the store changes a key. Only the first change of a key counts. */
  preserve(shard: number, key: string, old: StoredValue | undefined): void {
    if (shard < this.#next) return;
    const before = (this.#before[shard] ??= new Map());
    if (!before.has(key)) before.set(key, old);
  }

  /** The next shard that holds something; undefined at the end. */
  nextShard(): { readonly shard: number; readonly entries: ShardEntries } | undefined {
    while (this.#next < this.#shards.length) {
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
    this.#next = this.#shards.length;
    this.#onRelease();
  }

  #entriesOf(shard: number): ShardEntries {
    const entries: (readonly [string, StoredValue])[] = [];
    const before = this.#before[shard];
    for (const entry of this.#shards[shard] as ReadonlyMap<string, StoredValue>) {
      if (before === undefined || !before.has(entry[0])) entries.push(entry);
    }
    for (const [key, old] of before ?? []) if (old !== undefined) entries.push([key, old]);
    return entries.sort((left, right) => (left[0] < right[0] ? -1 : 1));
  }
}

/** FNV-1a over the characters, folded. Part of the snapshot's format: shards are read in the order of this number. */
export function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x0100_0193);
  return (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (SHARD_COUNT - 1);
}
