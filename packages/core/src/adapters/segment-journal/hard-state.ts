/**
 * What the next record will say, and which writes are worth storing: the highest promise, how far was learned, and
 * which slots above that are held and chosen. Bounded by what a node accepts and has not learned, the window.
 */
import { QuorateError } from '@quorate/wire';
import { maxBallot } from '../../protocol/ballot.ts';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import type { AcceptedEntry, Ballot, Slot } from '../../protocol/types.ts';
import type { RecordItem } from './layout.ts';

type Held = { readonly chosen: boolean; readonly segment: number };

export class HardState {
  readonly #held: Map<number, Held> = new Map();
  #promised: Ballot;
  #learnedSlot: Slot;

  constructor(promised: Ballot, learnedSlot: Slot) {
    this.#promised = promised;
    this.#learnedSlot = learnedSlot;
  }

  get promised(): Ballot {
    return this.#promised;
  }

  /** Every slot up to here is chosen and held. */
  get learnedSlot(): Slot {
    return this.#learnedSlot;
  }

  /** The oldest segment with an entry that is not learned; `current` when there is none in an older one. */
  oldestSegment(current: number): number {
    let oldest = current;
    for (const { segment } of this.#held.values()) if (segment < oldest) oldest = segment;
    return oldest;
  }

  isChosen(slot: Slot): boolean {
    return slot <= this.#learnedSlot || this.#held.get(slot)?.chosen === true;
  }

  /**
   * Returns the entry that has to be stored in `segment`, if there is one: what is chosen here is not stored again,
   * because its value is the only one that any ballot can bring.
   * @throws INVARIANT
   */
  apply(write: JournalWrite, segment: number): RecordItem | undefined {
    switch (write.kind) {
      case 'promise':
        this.#promised = maxBallot(this.#promised, write.ballot);
        return undefined;
      case 'accept':
        // Accepting binds like promising, in the same record.
        this.#promised = maxBallot(this.#promised, write.entry.ballot);
        return this.#put(write.entry, false, segment);
      case 'chosen':
        return this.#put(write.entry, true, segment);
      case 'learned':
        this.learn(write.slot);
        return undefined;
      default:
        return write satisfies never;
    }
  }

  /** Notes what is held already. */
  hold(slot: Slot, chosen: boolean, segment: number): void {
    this.#held.set(slot, { chosen, segment });
  }

  /** @throws INVARIANT when a slot on the way is not held: the learned slot must never cover a value that is not there. */
  learn(slot: Slot): void {
    while (this.#learnedSlot < slot) {
      const next = (this.#learnedSlot + 1) as Slot;
      if (!this.#held.delete(next)) {
        throw new QuorateError(
          'INVARIANT',
          `slot ${slot} was to be recorded as learned while slot ${next} is not in the journal`,
          { details: { invariant: 'LEARNED-HELD', slot: next } },
        );
      }
      this.#learnedSlot = next;
    }
  }

  /** Goes on over slots that are held as chosen without a gap. */
  learnChosen(): void {
    for (
      let next = (this.#learnedSlot + 1) as Slot;
      this.#held.get(next)?.chosen === true;
      next = (next + 1) as Slot
    )
      this.learn(next);
  }

  #put(entry: AcceptedEntry, chosen: boolean, segment: number): RecordItem | undefined {
    if (this.isChosen(entry.slot)) return undefined;
    this.#held.set(entry.slot, { chosen, segment });
    return { entry, chosen };
  }
}
