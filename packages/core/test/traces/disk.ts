/** What a replica of a transcript has on stable storage; it survives a crash. */
import { maxBallot, ZERO_BALLOT } from '#src/protocol/ballot.ts';
import type { JournalImage, JournalWrite } from '#src/protocol/replica-types.ts';
import { type AcceptedEntry, asSlot, type Ballot, type Slot } from '#src/protocol/types.ts';

type Held = AcceptedEntry & { readonly chosen: boolean };

export class Disk {
  readonly #entries: Map<number, Held> = new Map();
  #promised: Ballot = ZERO_BALLOT;
  #learnedSlot: Slot = asSlot(0);
  /** How far a durable backend is. */
  appliedSlot: Slot = asSlot(0);

  store(write: JournalWrite): void {
    if (write.kind === 'promise') this.#promised = maxBallot(this.#promised, write.ballot);
    if (write.kind === 'accept') this.#promised = maxBallot(this.#promised, write.entry.ballot);
    if (write.kind === 'learned') this.#learnedSlot = write.slot;
    if (write.kind === 'accept' || write.kind === 'chosen') {
      this.#entries.set(write.entry.slot, { ...write.entry, chosen: write.kind === 'chosen' });
    }
  }

  image(): JournalImage {
    const accepted = [...this.#entries.values()].filter(({ slot }) => slot > this.#learnedSlot);
    accepted.sort((left, right) => left.slot - right.slot);
    return { promised: this.#promised, learnedSlot: this.#learnedSlot, accepted };
  }

  /** Dense from `fromSlot` on. */
  read(fromSlot: Slot, untilSlot: Slot): AcceptedEntry[] {
    const entries: AcceptedEntry[] = [];
    for (let slot: number = fromSlot; slot < untilSlot; slot++) {
      const held = this.#entries.get(slot);
      if (held === undefined) break;
      entries.push({ slot: held.slot, ballot: held.ballot, value: held.value });
    }
    return entries;
  }
}
