/**
 * A set of sequences of 32-bit words: the configurations that a search has been in. Exact: two are the same only if
 * every word is. A set that merged by hash alone would now and then take a configuration for one it has seen, stop
 * looking, and call a correct history wrong.
 *
 * All sequences lie one after another in one array, so that a million of them cost no object.
 */
const FIRST_TABLE_SIZE = 1 << 10;
const FIRST_ARENA_WORDS = 1 << 14;
/** Words before each sequence: its hash and its length. */
const HEAD_WORDS = 2;

export class ConfigurationSet {
  #arena: Uint32Array = new Uint32Array(FIRST_ARENA_WORDS);
  #used = 0;
  /** Open addressing: place of a sequence in the arena plus one; 0 is free. Length is a power of two. */
  #table: Uint32Array = new Uint32Array(FIRST_TABLE_SIZE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds the first `length` words; false if they were there already. */
  add(words: Uint32Array, length: number): boolean {
    const hash = hashOf(words, length);
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (;;) {
      const place = this.#table[slot] as number;
      if (place === 0) break;
      if (this.#equals(place - 1, hash, words, length)) return false;
      slot = (slot + 1) & mask;
    }
    this.#table[slot] = this.#store(hash, words, length) + 1;
    this.#size += 1;
    if (this.#size * 2 > this.#table.length) this.#grow();
    return true;
  }

  #equals(at: number, hash: number, words: Uint32Array, length: number): boolean {
    const arena = this.#arena;
    if (arena[at] !== hash || arena[at + 1] !== length) return false;
    for (let index = 0; index < length; index++)
      if (arena[at + HEAD_WORDS + index] !== words[index]) return false;
    return true;
  }

  #store(hash: number, words: Uint32Array, length: number): number {
    const at = this.#used;
    const end = at + HEAD_WORDS + length;
    if (end > this.#arena.length) {
      const larger = new Uint32Array(Math.max(end, this.#arena.length * 2));
      larger.set(this.#arena);
      this.#arena = larger;
    }
    this.#arena[at] = hash;
    this.#arena[at + 1] = length;
    for (let index = 0; index < length; index++)
      this.#arena[at + HEAD_WORDS + index] = words[index] as number;
    this.#used = end;
    return at;
  }

  #grow(): void {
    const table = new Uint32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let at = 0; at < this.#used; at += HEAD_WORDS + (this.#arena[at + 1] as number)) {
      let slot = (this.#arena[at] as number) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = at + 1;
    }
    this.#table = table;
  }
}

function hashOf(words: Uint32Array, length: number): number {
  let hash = 0x811c9dc5 ^ length;
  for (let index = 0; index < length; index++) {
    hash = Math.imul(hash ^ (words[index] as number), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
