/** The durations of the last flushes, for status and metrics. */
const KEPT = 512;

export class FlushTimes {
  readonly #durationsMs: number[] = [];
  #next = 0;

  add(durationMs: number): void {
    this.#durationsMs[this.#next] = durationMs;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** NaN before the first. */
  percentiles(): { readonly p50: number; readonly p99: number } {
    const sorted = this.#durationsMs.toSorted((left, right) => left - right);
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
