/**
 * Time as the client sees it. Everything that waits (time-outs, back-off, dialling, watching a silent node) asks
 * this clock, so that a test can let five seconds pass in no time. Leaves sockets and `setImmediate` alone.
 */

/** What `setTimer` gave; opaque to everybody but its clock. */
export type TimerHandle = unknown;

export interface ClientClock {
  /** Milliseconds that never go back; the origin means nothing. */
  now(): number;
  /** Calls back once, not before `delayMs` have passed. */
  setTimer(callback: () => void, delayMs: number): TimerHandle;
  /** Harmless for a timer that has fired. */
  clearTimer(timer: TimerHandle): void;
}

export const systemClock: ClientClock = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, Math.ceil(delayMs)),
  clearTimer: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
};
