/**
 * One number for a whole run: equal seeds must give equal hashes, whatever machine they run on.
 *
 * Order matters: mixing the same numbers in another order gives another hash. Two words, so that a chance
 * collision between two different runs is out of the question.
 */
export class TraceHash {
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;

  mix(value: number): void {
    const word = value | 0;
    const rest = Math.floor(value / 0x1_0000_0000) | 0;
    this.#low = Math.imul(this.#low ^ word, 0x01000193) ^ (this.#high >>> 15);
    this.#high = Math.imul(this.#high ^ (this.#low >>> 13) ^ rest, 0x5bd1e995) + 0x27d4eb2f;
  }

  digest(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }
}
