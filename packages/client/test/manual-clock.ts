/** A clock that a test moves: timers fire in order of their time when `advance` passes them, and never otherwise. */
import type { ClientClock, Timer } from '@quorate/client';

type Entry = { readonly atMs: number; readonly callback: () => void };

export class ManualClock implements ClientClock {
  #nowMs = 1000;
  readonly #entries = new Set<Entry>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry = { atMs: this.#nowMs + delayMs, callback };
    this.#entries.add(entry);
    return { cancel: () => this.#entries.delete(entry) };
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#entries.size;
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let entry = this.#first(untilMs); entry !== undefined; entry = this.#first(untilMs)) {
      this.#entries.delete(entry);
      this.#nowMs = Math.max(this.#nowMs, entry.atMs);
      entry.callback();
    }
    this.#nowMs = untilMs;
  }

  #first(untilMs: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.atMs <= untilMs && (first === undefined || entry.atMs < first.atMs)) first = entry;
    }
    return first;
  }
}
