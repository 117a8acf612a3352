/**
 * Which calls a search has placed so far, as bits, and the words that tell one such set from another.
 *
 * Calls that are done are placed roughly in the order of their beginnings, so their bits are full words, a short
 * ragged edge and empty words: only the edge is written down. Calls of unknown end may stay out for ever; their bits
 * are kept apart, where they cannot make the edge long.
 */
export class PlacedSet {
  readonly #done: Uint32Array;
  readonly #unknown: Uint32Array;
  /** Every word before this one is full. */
  #low = 0;
  /** Every word after this one is empty. */
  #high = 0;

  constructor(doneCalls: number, unknownCalls: number) {
    this.#done = new Uint32Array((doneCalls >>> 5) + 1);
    this.#unknown = new Uint32Array((unknownCalls + 31) >>> 5);
  }

  /** The most that `write` writes. */
  get maxWords(): number {
    return 1 + this.#unknown.length + this.#done.length;
  }

  addDone(index: number): void {
    const word = index >>> 5;
    this.#done[word] = (this.#done[word] as number) | (1 << (index & 31));
    if (word > this.#high) this.#high = word;
    while (this.#done[this.#low] === 0xffff_ffff) this.#low += 1;
  }

  removeDone(index: number): void {
    const word = index >>> 5;
    this.#done[word] = (this.#done[word] as number) & ~(1 << (index & 31));
    if (word < this.#low) this.#low = word;
    while (this.#high > this.#low && this.#done[this.#high] === 0) this.#high -= 1;
  }

  hasUnknown(index: number): boolean {
    return (((this.#unknown[index >>> 5] as number) >>> (index & 31)) & 1) === 1;
  }

  addUnknown(index: number): void {
    this.#unknown[index >>> 5] = (this.#unknown[index >>> 5] as number) | (1 << (index & 31));
  }

  removeUnknown(index: number): void {
    this.#unknown[index >>> 5] = (this.#unknown[index >>> 5] as number) & ~(1 << (index & 31));
  }

  /** Writes the words from `at` on and returns where they end. Equal words, equal sets. */
  write(out: Uint32Array, at: number): number {
    let end = at;
    out[end++] = this.#low;
    for (let word = 0; word < this.#unknown.length; word++) out[end++] = this.#unknown[word] as number;
    for (let word = this.#low; word <= this.#high; word++) out[end++] = this.#done[word] as number;
    return end;
  }
}
