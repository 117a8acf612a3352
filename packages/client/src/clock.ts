/**
 * Time as the client sees it. Everything that waits (time-outs, back-off, dialling, watching a silent node) asks
 * this clock, so that a test can let five seconds pass in no time. Leaves sockets and `setImmediate` alone.
 */
export type Timer = { cancel(): void };

export interface ClientClock {
  /** Milliseconds that never go back; the origin means nothing. */
  now(): number;
  /** Calls back once, not before `delayMs` have passed. Cancelling a timer that has fired is harmless. */
  after(delayMs: number, callback: () => void): Timer;
}

export const systemClock: ClientClock = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.ceil(delayMs));
    return { cancel: () => clearTimeout(timer) };
  },
};
