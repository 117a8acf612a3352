/**
 * Virtual time: the true time of the simulated world, which nobody in it can see, and what happens in it.
 *
 * Every event is counted and folded into the hash of the trace, so that two runs can be compared by one number.
 */
import { type Random, streamOf } from '@quorate/core/protocol';
import { EventQueue } from './event-queue.ts';
import type { TraceHash } from './trace-hash.ts';

export class Scheduler {
  readonly #queue = new EventQueue();
  readonly #ties: Random;
  readonly #hash: TraceHash;
  #nowMs = 0;
  #events = 0;

  constructor(seed: number, hash: TraceHash) {
    this.#ties = streamOf(seed, 'schedule');
    this.#hash = hash;
  }

  /** True time in milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Runs `run` after this much true time; a negative delay counts as none. */
  after(delayMs: number, run: () => void): void {
    this.#queue.push(this.#nowMs + Math.max(0, delayMs), this.#ties.uint32(), run);
  }

  /** Lets the next event happen. False when there is none before `untilMs`; time then stands at `untilMs`. */
  step(untilMs: number): boolean {
    if (this.#queue.nextAtMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    const event = this.#queue.pop();
    if (event === undefined) return false;
    this.#nowMs = event.atMs;
    this.#events += 1;
    this.#hash.mix(Math.floor(event.atMs * 1000));
    event.run();
    return true;
  }
}
