/**
 * A small seeded generator of random numbers: equal seed and name, equal numbers, on every machine. Its whole
 * state is four words, which can be taken out and put back. Not for secrets.
 *
 * Named streams keep draws apart: one more draw in the stream "net/1>2" shifts no number in "disk/3", so a
 * failing history stays recognisable while it is being reduced. The generator is xoshiro128** on unsigned 32-bit
 * words. Ref: Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators (2018).
 */

/** Four unsigned 32-bit words, not all zero. */
export type RandomState = readonly [number, number, number, number];

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(state: RandomState) {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** Everything that decides the numbers to come. */
  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** Uniform from 0 to 2^32 - 1. */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b = (this.#b ^ this.#c) >>> 0;
    this.#a = (this.#a ^ this.#d) >>> 0;
    this.#c = (this.#c ^ shifted) >>> 0;
    this.#d = rotateLeft(this.#d, 11) >>> 0;
    return result;
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Whole number in [0, limit); `limit` from 1 to 2^32. The bias is below limit / 2^32. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** Whole number in [low, high], both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with this probability; 0 never, 1 always. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One element, each equally likely. The list must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** A new list with the same elements in random order. */
  shuffle<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const swapped = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = swapped;
    }
    return shuffled;
  }
}

/** A fresh generator for this seed, which may be any safe integer. */
export function createRandom(seed: number): Random {
  return streamOf(seed, '');
}

/** A fresh generator for this seed and this name. */
export function streamOf(seed: number, name: string): Random {
  let mixed = mix(seed >>> 0) ^ mix((Math.floor(seed / 0x1_0000_0000) ^ 0x9e3779b9) >>> 0);
  for (let index = 0; index < name.length; index++) mixed = mix((mixed ^ name.charCodeAt(index)) + index + 1);
  const word = (salt: number): number => mix(mixed + Math.imul(salt, 0x9e3779b9));
  // The lowest bit of the last word keeps the state away from all zeroes, from which it would never move.
  return new Random([word(1), word(2), word(3), (word(4) | 1) >>> 0]);
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Spreads every bit of a word over the whole word; a bijection of 32-bit words. */
function mix(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
