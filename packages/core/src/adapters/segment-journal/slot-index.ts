/**
 * Which record of one segment holds the newest entry of a slot: two parallel lists, ascending by slot, as slots come
 * nearly always, and a map for those that came again or late.
 */
import type { Slot } from '../../protocol/types.ts';
import type { StoredRecord } from './scan.ts';

/** Parallel and ascending by slot; each slot once. */
export type SortedIndex = { readonly slots: ArrayLike<number>; readonly offsets: ArrayLike<number> };

export class SlotIndex {
  /** Filled here, or read back as a whole and then never added to. */
  readonly #sorted: SortedIndex;
  readonly #slots: number[] = [];
  readonly #offsets: number[] = [];
  /** Newer than what the lists say of the same slot. */
  readonly #late: Map<number, number> = new Map();

  static of(records: readonly StoredRecord[]): SlotIndex {
    const index = new SlotIndex();
    for (const { at, items } of records) for (const { slot } of items) index.add(slot, at);
    return index;
  }

  /** `sorted`: of a segment that is finished. */
  constructor(sorted?: SortedIndex) {
    this.#sorted = sorted ?? { slots: this.#slots, offsets: this.#offsets };
  }

  /** `at`: offset of the record, which is newer than all that were added before. */
  add(slot: Slot, at: number): void {
    const newest = this.#slots.at(-1);
    if (newest !== undefined && slot <= newest) {
      this.#late.set(slot, at);
      return;
    }
    this.#slots.push(slot);
    this.#offsets.push(at);
  }

  find(slot: Slot): number | undefined {
    const late = this.#late.get(slot);
    if (late !== undefined) return late;
    const { slots, offsets } = this.#sorted;
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((slots[middle] as number) < slot) low = middle + 1;
      else high = middle;
    }
    return slots[low] === slot ? offsets[low] : undefined;
  }

  /** Everything in it. */
  sorted(): SortedIndex {
    if (this.#late.size === 0) return this.#sorted;
    return merged(
      this.#sorted,
      [...this.#late].sort(([left], [right]) => left - right),
    );
  }
}

/** `late` is ascending by slot, and counts where both have a slot. */
function merged({ slots, offsets }: SortedIndex, late: readonly (readonly [number, number])[]): SortedIndex {
  const all = { slots: [] as number[], offsets: [] as number[] };
  const put = (slot: number, at: number): void => {
    all.slots.push(slot);
    all.offsets.push(at);
  };
  let next = 0;
  for (const [slot, at] of late) {
    for (; next < slots.length && (slots[next] as number) < slot; next++)
      put(slots[next] as number, offsets[next] as number);
    if (slots[next] === slot) next += 1;
    put(slot, at);
  }
  for (; next < slots.length; next++) put(slots[next] as number, offsets[next] as number);
  return all;
}
