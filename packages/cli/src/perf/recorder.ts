/**
 * Everything that is counted in one run: latencies of acknowledged operations, refusals, unknown outcomes, the
 * course over time, and the longest silence that any client saw while somebody watches for one.
 *
 * Owns: the counting. Leaves to others: what is sent (`load.ts`), what is drawn (`picture.ts`, `svg.ts`).
 */
import type { QuorateError } from '@quorate/wire';
import { Latencies } from './latencies.ts';
import { Timeline } from './timeline.ts';

/** Upper ends of the bars of the histogram, in milliseconds; the last bar has none. Ascending. */
export const BAR_LIMITS_MS: readonly number[] = [
  0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000,
];

export class Recorder {
  readonly latencies: Latencies = new Latencies();
  readonly timeline: Timeline = new Timeline();
  /** One longer than `BAR_LIMITS_MS`. */
  readonly bars: number[] = new Array<number>(BAR_LIMITS_MS.length + 1).fill(0);
  /** Operations that certainly did not happen, and those of which nobody knows. */
  errors = 0;
  unknown = 0;
  /** How often each error code was met, of both kinds. */
  readonly codes: Map<string, number> = new Map();
  readonly #startedAt: number;
  /** By worker: when it was last answered well. */
  readonly #answeredAt: Float64Array;
  #silenceFrom = Number.POSITIVE_INFINITY;
  #longestSilenceMs = 0;

  constructor(workers: number, startedAt: number) {
    this.#startedAt = startedAt;
    this.#answeredAt = new Float64Array(workers).fill(startedAt);
  }

  answered(worker: number, latencyMs: number, now: number): void {
    this.latencies.record(latencyMs);
    this.timeline.record(now - this.#startedAt, latencyMs);
    let bar = 0;
    while (bar < BAR_LIMITS_MS.length && latencyMs >= (BAR_LIMITS_MS[bar] ?? 0)) bar += 1;
    this.bars[bar] = (this.bars[bar] ?? 0) + 1;
    if (now >= this.#silenceFrom) {
      const silenceMs = now - Math.max(this.#silenceFrom, this.#answeredAt[worker] ?? 0);
      if (silenceMs > this.#longestSilenceMs) this.#longestSilenceMs = silenceMs;
    }
    this.#answeredAt[worker] = now;
  }

  failed(error: QuorateError): void {
    if (error.outcome === 'unknown') this.unknown += 1;
    else this.errors += 1;
    this.codes.set(error.code, (this.codes.get(error.code) ?? 0) + 1);
  }

  /** From now on the longest time between two answers to the same worker is remembered, counted from now. */
  watchSilence(now: number): void {
    this.#silenceFrom = now;
    this.#longestSilenceMs = 0;
  }

  /** The longest one since `watchSilence`, over all workers. */
  endSilence(): number {
    this.#silenceFrom = Number.POSITIVE_INFINITY;
    return this.#longestSilenceMs;
  }

  /** The time of the last good answer to the worker that has waited longest. */
  get allAnsweredSince(): number {
    return this.#answeredAt.reduce((earliest, at) => Math.min(earliest, at), Number.POSITIVE_INFINITY);
  }

  get lastAnswerAt(): number {
    return this.#answeredAt.reduce((latest, at) => Math.max(latest, at), 0);
  }
}
