/**
 * Waiting for a condition with a bound: the only way in which the process helpers let time pass. The condition
 * is asked again every few milliseconds, and an answer of `undefined` means "not yet".
 *
 * Owns: the polling interval and the deadline. Leaves to the caller: which error the missed bound becomes.
 */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 20;

export async function poll<T>(
  condition: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
  onTimeout: () => Error,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    if (performance.now() >= deadline) throw onTimeout();
    await delay(POLL_INTERVAL_MS);
  }
}
