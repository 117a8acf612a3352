/**
 * Detects a connection on which nothing arrives any more. Pings are sent at regular checks, so a live one is never
 * silent; the meter counts the checks in a row that saw no new byte.
 *
 * Checks are counted rather than milliseconds because a process that was stopped for long would otherwise find all
 * its connections dead the moment it goes on, before it has read what waits for it.
 */

/** A connection is given up after this many silent checks, spread over its idle time. */
export const SILENT_CHECKS = 4;

/** Starts with "something has arrived". */
export class SilenceMeter {
  #bytesRead = -1;
  #silentChecks = 0;

  /** `bytesRead` never goes back. Returns how many checks in a row were silent, this one included. */
  check(bytesRead: number): number {
    this.#silentChecks = bytesRead === this.#bytesRead ? this.#silentChecks + 1 : 0;
    this.#bytesRead = bytesRead;
    return this.#silentChecks;
  }
}

export function checkEveryMs(idleTimeoutMs: number): number {
  return idleTimeoutMs / SILENT_CHECKS;
}
