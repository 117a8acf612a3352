/**
 * One timer for many times: wakes its owner at or before the earliest time that was asked for. The owner looks at
 * what is due and asks again. This is what stands in for a timer per command.
 */
import type { ClientClock, TimerHandle } from './clock.ts';

export class WakeUp {
  readonly #clock: ClientClock;
  readonly #onWake: () => void;
  #timer: TimerHandle | undefined = undefined;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: ClientClock, onWake: () => void) {
    this.#clock = clock;
    this.#onWake = onWake;
  }

  /** Wakes at `atMs` or earlier. */
  by(atMs: number): void {
    if (atMs >= this.#atMs) return;
    this.cancel();
    this.#atMs = atMs;
    this.#timer = this.#clock.setTimer(() => this.#wake(), Math.max(0, atMs - this.#clock.now()));
  }

  cancel(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  #wake(): void {
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
    this.#onWake();
  }
}
