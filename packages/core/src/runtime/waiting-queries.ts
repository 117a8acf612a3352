/** Reads that wait until a slot is applied. Few wait at a time, so they are kept in no order and looked at one by one. */
import type { Slot } from '../protocol/types.ts';

/** Something that runs between two batches once `slot` is applied. */
export type WaitingQuery = {
  readonly slot: Slot;
  readonly run: () => void | Promise<void>;
  readonly refuse: (why: string) => void;
};

export class WaitingQueries {
  #queries: WaitingQuery[] = [];

  get isEmpty(): boolean {
    return this.#queries.length === 0;
  }

  add(query: WaitingQuery): void {
    this.#queries.push(query);
  }

  /** Nobody waits for these any more: they are neither run nor refused. */
  forget(queries: ReadonlySet<WaitingQuery>): void {
    this.#queries = this.#queries.filter((query) => !queries.has(query));
  }

  /** Those whose slot is applied; they wait no longer. */
  takeReady(appliedSlot: Slot): readonly WaitingQuery[] {
    if (this.#queries.length === 0) return [];
    const ready = this.#queries.filter((query) => query.slot <= appliedSlot);
    if (ready.length > 0) this.#queries = this.#queries.filter((query) => query.slot > appliedSlot);
    return ready;
  }

  /** Nothing will be applied any more. */
  refuseAll(why: string): void {
    const queries = this.#queries;
    this.#queries = [];
    for (const query of queries) query.refuse(why);
  }
}

/** Runs them all, in order; gives a promise when some take longer, which is kept when the last of them is over. */
export function runQueries(queries: readonly WaitingQuery[]): Promise<unknown> | undefined {
  const running: Promise<void>[] = [];
  for (const query of queries) {
    const outcome = query.run();
    if (outcome instanceof Promise) running.push(outcome);
  }
  return running.length === 0 ? undefined : Promise.allSettled(running);
}
