/**
 * Everything that will happen, in order of (virtual time, random tie-break, order of scheduling).
 *
 * The tie-break makes the order of simultaneous events a choice of the seed instead of an accident of the code,
 * and the last key makes it total. A binary heap; nothing is ever removed but the first.
 */
type Scheduled = {
  readonly atMs: number;
  readonly tie: number;
  readonly order: number;
  readonly run: () => void;
};

function isBefore(left: Scheduled, right: Scheduled): boolean {
  if (left.atMs !== right.atMs) return left.atMs < right.atMs;
  return left.tie !== right.tie ? left.tie < right.tie : left.order < right.order;
}

export class EventQueue {
  readonly #heap: Scheduled[] = [];
  #scheduled = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Time of the next event; Infinity when there is none. */
  get nextAtMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  push(atMs: number, tie: number, run: () => void): void {
    const heap = this.#heap;
    const added: Scheduled = { atMs, tie, order: this.#scheduled++, run };
    let index = heap.length;
    heap.push(added);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Scheduled;
      if (!isBefore(added, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = added;
  }

  pop(): Scheduled | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Scheduled)) child += 1;
      const below = heap[child] as Scheduled;
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
