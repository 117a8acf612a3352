/**
 * How long to wait before a peer is dialled again: doubling from a minimum to a maximum, each time a random part
 * of it, so that nodes which lost each other together do not come back together. Pure.
 */

export type BackoffBounds = { readonly reconnectMinMs: number; readonly reconnectMaxMs: number };

/**
 * `failures` counts the dials since the last link that held: 0 for the first one. `random` is from [0, 1).
 * The delay lies between half of the step and the step.
 */
export function reconnectDelayMs(failures: number, random: number, bounds: BackoffBounds): number {
  // Above 2^30 the step is the maximum anyway; the cap keeps the power finite.
  const stepMs = Math.min(bounds.reconnectMaxMs, bounds.reconnectMinMs * 2 ** Math.min(failures, 30));
  return stepMs * (0.5 + random / 2);
}
