/**
 * Collects latencies and says their percentiles. Kept in nanoseconds in a high dynamic range histogram with three
 * significant digits, so recording costs some 30 ns and memory does not grow with the number of samples.
 *
 * Owns: units (milliseconds outside, nanoseconds inside) and the bounds of what can be told apart.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export type LatencySummary = {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
};

const NS_PER_MS = 1e6;
/** Anything longer counts as this. */
const LONGEST_NS = 3600e9;

export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 });

  record(latencyMs: number): void {
    this.#histogram.record(Math.min(LONGEST_NS, Math.max(1, Math.round(latencyMs * NS_PER_MS))));
  }

  get count(): number {
    return this.#histogram.count;
  }

  /** Milliseconds. `percent` from 0 (exclusive) to 100. Zero when nothing was recorded. */
  percentile(percent: number): number {
    return this.count === 0 ? 0 : this.#histogram.percentile(percent) / NS_PER_MS;
  }

  /** All in milliseconds. */
  summary(): LatencySummary {
    if (this.count === 0) return { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    return {
      count: this.count,
      mean: this.#histogram.mean / NS_PER_MS,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p99: this.percentile(99),
      p999: this.percentile(99.9),
      max: this.#histogram.max / NS_PER_MS,
    };
  }
}
