/**
 * The real clock: the machine's monotonic and wall time, timers that never keep the process alive, and "after
 * everything that is ready now" as the check phase of the event loop, which runs after all sockets were read.
 *
 * Node's timers count whole milliseconds and may fire up to one early. Elections and time-outs are reasoned about
 * as "not before", so a timer that fires early is armed again for the rest.
 */
import type { Clock, Timer } from '../ports/clock.ts';

class SystemTimer implements Timer {
  readonly #dueMs: number;
  readonly #callback: () => void;
  #handle: NodeJS.Timeout;

  constructor(delayMs: number, callback: () => void) {
    this.#dueMs = performance.now() + delayMs;
    this.#callback = callback;
    this.#handle = this.#arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #arm(delayMs: number): NodeJS.Timeout {
    const handle = setTimeout(() => this.#fire(), delayMs);
    handle.unref();
    return handle;
  }

  #fire(): void {
    const restMs = this.#dueMs - performance.now();
    if (restMs > 0) this.#handle = this.#arm(restMs);
    else this.#callback();
  }
}

export const SYSTEM_CLOCK: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, callback) => new SystemTimer(delayMs, callback),
  soon: (callback) => {
    setImmediate(callback);
  },
};
