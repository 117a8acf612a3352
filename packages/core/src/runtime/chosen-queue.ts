/**
 * Chosen values that wait for the backend: dense, ascending, bounded. What does not fit is not lost; it is read back from
 * the journal when its turn comes.
 */
import type { ChosenEntry, Slot } from '../protocol/types.ts';

/** Taken entries are cut off the front in pieces of this many, so that taking one costs nothing. */
const COMPACT_AFTER = 1024;

export class ChosenQueue {
  readonly #maxEntries: number;
  #entries: ChosenEntry[] = [];
  #head = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get first(): ChosenEntry | undefined {
    return this.#entries[this.#head];
  }

  /** Unless it would leave a gap, or the queue is full. */
  push(entry: ChosenEntry): void {
    const waiting = this.#entries.length - this.#head;
    const fits = waiting === 0 || entry.slot === (this.#entries.at(-1)?.slot ?? 0) + 1;
    if (fits && waiting < this.#maxEntries) this.#entries.push(entry);
  }

  /** The first entry, if it is the one of this slot. */
  take(slot: number): ChosenEntry | undefined {
    const head = this.first;
    if (head === undefined || head.slot !== slot) return undefined;
    this.#head += 1;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_AFTER) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return head;
  }

  /** `page` ends before the first entry. */
  putInFront(page: readonly ChosenEntry[]): void {
    this.#entries = [...page, ...this.#entries.slice(this.#head)];
    this.#head = 0;
  }

  dropThrough(slot: Slot): void {
    this.#entries = this.#entries.slice(this.#head).filter((entry) => entry.slot > slot);
    this.#head = 0;
  }
}
