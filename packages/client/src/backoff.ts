/**
 * Exponential back-off with jitter: how long to wait before the next try.
 *
 * The n-th delay lies between one half and the whole of `minMs * 2^n`, never above `maxMs`. The jitter keeps many
 * clients that lost the same node from coming back in step. Leaves timers to the caller.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempt = 0;

  constructor(minMs: number, maxMs: number, random: () => number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Delays given since the last `reset`. */
  get attempt(): number {
    return this.#attempt;
  }

  next(): number {
    // 2^30 times any delay is far above any cap; a higher power would only lose precision.
    const full = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return full * (0.5 + this.#random() / 2);
  }

  /** To be called when something succeeded. */
  reset(): void {
    this.#attempt = 0;
  }
}
