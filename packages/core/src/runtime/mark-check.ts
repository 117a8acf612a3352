/**
 * Whether a store that was opened holds what this node's log says: the digest of its mark against the digest that the
 * chosen values of the journal give at the same slot. A store of another history would answer wrongly for ever, and
 * what is applied on top of it would only hide that.
 *
 * Reads the log once, from its beginning: the first page at once, so that a short log is checked before anything is
 * answered, the others one by one beside other work. A mark beyond what the journal holds as chosen cannot be checked:
 * a durable store may be ahead of its journal.
 */
import type { Clock, Timer } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import { asSlot } from '../protocol/types.ts';
import { type Checksum, chainDigest, GENESIS_DIGEST } from './digest-chain.ts';

/** Values that are read at once. */
const PAGE_BYTES = 1024 * 1024;
/** Between two pages, at least, and so many times what the last page took: a long log costs a sixth of the event loop. */
const PAUSE_MS = 5;
const PAUSE_SHARE = 5;

export type CheckedMark = { readonly slot: number; readonly digest: string };

export type MarkCheckOptions = {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly checksum: Checksum;
  /** The store contradicts the log. */
  readonly onContradiction: (detail: string) => void;
  /** Runs `work`, and ends the node if it throws: a journal that cannot be read is none. */
  readonly guard: (work: () => void) => void;
};

export class MarkCheck {
  readonly #options: MarkCheckOptions;
  #timer: Timer | undefined;

  constructor(options: MarkCheckOptions) {
    this.#options = options;
  }

  /** Instead of what is being checked. */
  begin(mark: CheckedMark): void {
    this.stop();
    if (mark.slot > 0) this.#options.guard(() => this.#go(mark, { slot: 0, digest: GENESIS_DIGEST }));
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #go(mark: CheckedMark, from: CheckedMark): void {
    const { clock, guard, onContradiction } = this.#options;
    const startMs = clock.monotonicMs();
    const reached = this.#readPage(mark, from);
    if (reached.slot === from.slot) return; // The journal does not hold it.
    if (reached.slot < mark.slot) {
      const pauseMs = Math.max(PAUSE_MS, PAUSE_SHARE * (clock.monotonicMs() - startMs));
      this.#timer = clock.after(pauseMs, () => guard(() => this.#go(mark, reached)));
      return;
    }
    if (reached.digest === mark.digest) return;
    onContradiction(
      `the store does not hold what this cluster decided: its digest at slot ${mark.slot} is ${mark.digest}, and the log of this node gives ${reached.digest}; it was changed, or belongs to another history. Give this node an empty store: it is filled from the log`,
    );
  }

  #readPage(mark: CheckedMark, from: CheckedMark): CheckedMark {
    const { journal, checksum } = this.#options;
    let { slot, digest } = from;
    const page = journal.readEntries(asSlot(slot + 1), asSlot(mark.slot + 1), PAGE_BYTES);
    for (const entry of page) {
      digest = chainDigest(digest, entry.slot, entry.value, checksum);
      slot = entry.slot;
    }
    return { slot, digest };
  }
}
