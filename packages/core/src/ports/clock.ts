/**
 * Time and scheduling as the runtime sees them. The simulator gives a virtual one; `adapters/system-clock.ts`
 * the real one. The protocol never sees this port: it gets `at` with every input.
 */
export type Timer = { cancel(): void };

export interface Clock {
  /** Milliseconds, never goes back during one incarnation. */
  monotonicMs(): number;
  /** Milliseconds since 1970 by this machine's wall clock; may jump. */
  wallMs(): number;
  /** Runs `callback` once, not before `delayMs` have passed. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
  /** Runs `callback` once, after everything that the event loop has ready now. */
  soon(callback: () => void): void;
}
