/**
 * One node's clocks, made from true time: a monotonic one that runs fast or slow and may stand still while the
 * machine is suspended, and a wall clock that is off and may jump. Implements the product's clock port, so that
 * timers fire in the node's own time.
 */
import type { Clock, Timer } from '@quorate/core/ports';
import type { Scheduler } from './scheduler.ts';

export type ClockFaults = {
  /** Monotonic milliseconds per true millisecond: 1 is exact. */
  readonly rate: number;
  /** What the monotonic clock shows when the world begins. */
  readonly startMs: number;
  /** Wall clock minus monotonic clock when the world begins. */
  readonly wallOffsetMs: number;
};

/** Calls back only while the process lives; the process decides when, since it may be paused. */
export type Deliver = (callback: () => void) => void;

/** Sums of times differ from one another by less than this. */
const ROUNDING_MS = 0.001;

export class NodeClock {
  readonly #scheduler: Scheduler;
  readonly #faults: ClockFaults;
  #frozenMs = 0;
  #frozenSinceMs: number | undefined;
  #wallJumpMs = 0;

  constructor(scheduler: Scheduler, faults: ClockFaults) {
    this.#scheduler = scheduler;
    this.#faults = faults;
  }

  monotonicMs(): number {
    const nowMs = this.#frozenSinceMs ?? this.#scheduler.nowMs;
    return this.#faults.startMs + (nowMs - this.#frozenMs) * this.#faults.rate;
  }

  /** Whole milliseconds, never below 0. */
  wallMs(): number {
    return Math.max(0, Math.floor(this.monotonicMs() + this.#faults.wallOffsetMs + this.#wallJumpMs));
  }

  /** The machine is suspended: its monotonic clock stands still. */
  freeze(): void {
    this.#frozenSinceMs ??= this.#scheduler.nowMs;
  }

  thaw(): void {
    if (this.#frozenSinceMs === undefined) return;
    this.#frozenMs += this.#scheduler.nowMs - this.#frozenSinceMs;
    this.#frozenSinceMs = undefined;
  }

  jumpWall(byMs: number): void {
    this.#wallJumpMs += byMs;
  }

  /** The port for one incarnation: timers call back through `deliver`. */
  port(deliver: Deliver, turnMs: () => number): Clock {
    const schedule = (delayMs: number, callback: () => void): Timer => {
      const dueMs = this.monotonicMs() + delayMs;
      let cancelled = false;
      const fire = (): void => {
        if (cancelled) return;
        // The clock stood still meanwhile: not yet due in the node's own time.
        const leftMs = dueMs - this.monotonicMs();
        if (leftMs > ROUNDING_MS) this.#scheduler.after(leftMs / this.#faults.rate, () => deliver(fire));
        else callback();
      };
      this.#scheduler.after(delayMs / this.#faults.rate, () => deliver(fire));
      return {
        cancel: () => {
          cancelled = true;
        },
      };
    };
    return {
      monotonicMs: () => this.monotonicMs(),
      wallMs: () => this.wallMs(),
      after: schedule,
      // A turn of the event loop takes a moment, and what arrives meanwhile belongs to the same turn.
      soon: (callback) => void schedule(turnMs(), callback),
    };
  }
}
