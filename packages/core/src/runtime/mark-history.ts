/**
 * The digests of the latest slots that this process applied. A store that was opened again with an older mark must have
 * the one of its slot, if that is remembered: otherwise it is not what this node wrote, and filling it up from the log
 * would only hide that.
 */
import type { AppliedMark } from '../ports/backend.ts';

/** Slots whose digest is remembered. What an older mark says is compared with the log (`mark-check.ts`). */
export const REMEMBERED_MARKS = 4096;

export class MarkHistory {
  readonly #slots = new Float64Array(REMEMBERED_MARKS);
  readonly #digests: (string | undefined)[] = new Array<undefined>(REMEMBERED_MARKS).fill(undefined);
  #highest = 0;

  /** The mark that was reached now. One below the highest is remembered already, or was too long ago. */
  note({ slot, digest }: AppliedMark): void {
    if (slot < this.#highest) return;
    this.#highest = slot;
    const place = slot & (REMEMBERED_MARKS - 1);
    this.#slots[place] = slot;
    this.#digests[place] = digest;
  }

  /** Is the mark's slot one of those that are remembered? */
  remembers({ slot }: AppliedMark): boolean {
    return slot === 0 || this.#slots[slot & (REMEMBERED_MARKS - 1)] === slot;
  }

  /** The digest that the mark should have, if it has another one than what is remembered of its slot. */
  contradicts({ slot, digest }: AppliedMark): string | undefined {
    const place = slot & (REMEMBERED_MARKS - 1);
    const known = this.#slots[place] === slot ? this.#digests[place] : undefined;
    return known === undefined || known === digest ? undefined : known;
  }
}
