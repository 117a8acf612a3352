/**
 * Which record of one segment holds the newest entry of a slot. While a segment is written it is a map; one that is
 * read back is two sorted arrays, 16 bytes per entry.
 */
import type { Slot } from '../../protocol/types.ts';
import type { StoredRecord } from './scan.ts';

export class SlotIndex {
  readonly #recent: Map<number, number> = new Map();
  readonly #slots: Float64Array;
  readonly #offsets: Float64Array;

  static of(records: readonly StoredRecord[]): SlotIndex {
    const newest = new Map<number, number>();
    for (const { at, items } of records) for (const { slot } of items) newest.set(slot, at);
    const sorted = [...newest].sort(([left], [right]) => left - right);
    return new SlotIndex(
      Float64Array.from(sorted, ([slot]) => slot),
      Float64Array.from(sorted, ([, at]) => at),
    );
  }

  constructor(slots: Float64Array = new Float64Array(), offsets: Float64Array = new Float64Array()) {
    this.#slots = slots;
    this.#offsets = offsets;
  }

  add(slot: Slot, at: number): void {
    this.#recent.set(slot, at);
  }

  find(slot: Slot): number | undefined {
    return this.#recent.get(slot) ?? this.#search(slot);
  }

  #search(slot: Slot): number | undefined {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#slots[middle] as number) < slot) low = middle + 1;
      else high = middle;
    }
    return this.#slots[low] === slot ? this.#offsets[low] : undefined;
  }
}
