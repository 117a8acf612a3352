/**
 * Where the next value to apply comes from: memory, or the journal when it did not fit there or was chosen in an earlier
 * life. Knows how far values are chosen; how far they are applied is the business of `applier.ts`.
 */
import type { Journal } from '../ports/journal.ts';
import { asSlot, type ChosenEntry, type Slot } from '../protocol/types.ts';
import { ChosenQueue } from './chosen-queue.ts';

export type SourceLimits = { readonly maxUnappliedSlots: number; readonly replayPageBytes: number };

export class ChosenSource {
  readonly #journal: Journal;
  readonly #pageBytes: number;
  /** Chosen values above what is applied, ascending and dense from its first on; at most maxUnappliedSlots. */
  readonly #queue: ChosenQueue;
  #target: Slot;

  constructor(journal: Journal, limits: SourceLimits, appliedSlot: Slot) {
    this.#journal = journal;
    this.#pageBytes = limits.replayPageBytes;
    this.#queue = new ChosenQueue(limits.maxUnappliedSlots);
    this.#target = appliedSlot;
  }

  /** Everything up to here is chosen and may be applied. */
  get target(): Slot {
    return this.#target;
  }

  /** The journal holds chosen values up to `slot`. */
  raise(slot: Slot): void {
    if (slot > this.#target) this.#target = slot;
  }

  /** Next chosen values, ascending and dense. */
  deliver(entries: readonly ChosenEntry[], appliedSlot: Slot): void {
    for (const entry of entries) {
      this.raise(entry.slot);
      if (entry.slot <= appliedSlot) continue; // A durable backend that was ahead of the journal.
      this.#queue.push(entry);
    }
  }

  /** The value of `slot`, if it is in memory. */
  take(slot: number): ChosenEntry | undefined {
    return this.#queue.take(slot);
  }

  /**
   * Sees to it that the value of `from` is in memory, with a page of those that follow it. False: it is not flushed yet,
   * and to be asked for again after the next flush. Throws what the journal throws.
   */
  load(from: Slot): boolean {
    const head = this.#queue.first;
    if (head !== undefined && head.slot === from) return true;
    const until = head === undefined ? asSlot(this.#target + 1) : head.slot;
    if (until <= from) return false;
    const page = this.#journal.readEntries(from, until, this.#pageBytes);
    if (page.length === 0) return false;
    this.#queue.putInFront(page);
    return true;
  }

  dropThrough(slot: Slot): void {
    this.#queue.dropThrough(slot);
  }
}
