/**
 * Checksums of the entries above the learned slot, held in memory and folded into two numbers that every
 * transaction stores. With them a reopened journal can tell that its unlearned entries are exactly those that
 * were written: none is missing, and none is an older version that a lost page write brought back.
 *
 * Bounded by what a node accepts and has not learned, that is by the protocol's window.
 */
import { QuorateError } from '@quorate/wire';
import type { Slot } from '../../protocol/types.ts';

type TailRow = { readonly crc: number; readonly chosen: boolean };

export class Tail {
  #learnedSlot: Slot;
  #crc = 0;
  readonly #rows = new Map<number, TailRow>();

  constructor(learnedSlot: Slot) {
    this.#learnedSlot = learnedSlot;
  }

  /** Every slot up to here is chosen and held. */
  get learnedSlot(): Slot {
    return this.#learnedSlot;
  }

  get count(): number {
    return this.#rows.size;
  }

  get crc(): number {
    return this.#crc;
  }

  /** True when the entry of this slot must not be replaced any more. */
  isChosen(slot: Slot): boolean {
    return this.#rows.get(slot)?.chosen === true;
  }

  put(slot: Slot, crc: number, chosen: boolean): void {
    if (slot <= this.#learnedSlot) return;
    const before = this.#rows.get(slot);
    if (before !== undefined) this.#fold(before.crc);
    this.#fold(crc);
    this.#rows.set(slot, { crc, chosen });
  }

  /** @throws INVARIANT when a slot on the way is not held: the learned slot must never cover a value that is not there. */
  learn(slot: Slot): void {
    while (this.#learnedSlot < slot) {
      const next = (this.#learnedSlot + 1) as Slot;
      const row = this.#rows.get(next);
      if (row === undefined) {
        throw new QuorateError(
          'INVARIANT',
          `slot ${slot} was to be recorded as learned while slot ${next} is not in the journal`,
          {
            details: { invariant: 'LEARNED-HELD', slot: next },
          },
        );
      }
      this.#fold(row.crc);
      this.#rows.delete(next);
      this.#learnedSlot = next;
    }
  }

  /** Goes on over slots that are held as chosen without a gap. */
  learnChosen(): void {
    for (let next = (this.#learnedSlot + 1) as Slot; this.isChosen(next); next = (next + 1) as Slot)
      this.learn(next);
  }

  #fold(crc: number): void {
    this.#crc = (this.#crc ^ crc) >>> 0;
  }
}
