/**
 * The course of a run in a bounded number of equal slices, whatever its length: when the slices run out, neighbours
 * are merged and every slice becomes twice as long. Feeds the pictures, never the percentiles.
 */

export type Slice = {
  readonly fromMs: number;
  readonly count: number;
  readonly meanMs: number;
  readonly maxMs: number;
};

const MAX_SLICES = 512;
const FIRST_SLICE_MS = 5;

export class Timeline {
  #sliceMs = FIRST_SLICE_MS;
  #used = 0;
  readonly #counts = new Float64Array(MAX_SLICES);
  readonly #sums = new Float64Array(MAX_SLICES);
  readonly #maxima = new Float64Array(MAX_SLICES);

  /** `sinceStartMs` is when the operation ended. */
  record(sinceStartMs: number, latencyMs: number): void {
    let index = Math.floor(Math.max(0, sinceStartMs) / this.#sliceMs);
    while (index >= MAX_SLICES) {
      this.#merge();
      index = Math.floor(sinceStartMs / this.#sliceMs);
    }
    if (index >= this.#used) this.#used = index + 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sums[index] = (this.#sums[index] ?? 0) + latencyMs;
    if (latencyMs > (this.#maxima[index] ?? 0)) this.#maxima[index] = latencyMs;
  }

  get sliceMs(): number {
    return this.#sliceMs;
  }

  /** Dense and ascending in time; a slice in which nothing ended has count 0. At most `limit` of them. */
  slices(limit: number = MAX_SLICES): Slice[] {
    const width = Math.max(1, Math.ceil(this.#used / limit));
    const merged: Slice[] = [];
    for (let from = 0; from < this.#used; from += width) {
      const until = Math.min(this.#used, from + width);
      const count = sum(this.#counts, from, until);
      const meanMs = count === 0 ? 0 : sum(this.#sums, from, until) / count;
      merged.push({
        fromMs: from * this.#sliceMs,
        count,
        meanMs,
        maxMs: Math.max(...this.#maxima.subarray(from, until)),
      });
    }
    return merged;
  }

  #merge(): void {
    for (let index = 0; index < MAX_SLICES; index += 2) {
      const target = index / 2;
      this.#counts[target] = sum(this.#counts, index, index + 2);
      this.#sums[target] = sum(this.#sums, index, index + 2);
      this.#maxima[target] = Math.max(this.#maxima[index] ?? 0, this.#maxima[index + 1] ?? 0);
    }
    for (const values of [this.#counts, this.#sums, this.#maxima]) values.fill(0, MAX_SLICES / 2);
    this.#sliceMs *= 2;
    this.#used = Math.ceil(this.#used / 2);
  }
}

function sum(values: Float64Array, from: number, until: number): number {
  let total = 0;
  for (let index = from; index < until; index++) total += values[index] ?? 0;
  return total;
}
