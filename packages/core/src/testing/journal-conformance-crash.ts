/**
 * Conformance of a journal, third part: nothing that was reported is lost in a crash, over random histories
 * compared with a model that is a plain list.
 */
import assert from 'node:assert/strict';
import { maxBallot, ZERO_BALLOT } from '../protocol/ballot.ts';
import { createRandom, type Random } from '../protocol/random.ts';
import type { JournalImage } from '../protocol/replica-types.ts';
import { type AcceptedEntry, asSlot } from '../protocol/types.ts';
import {
  accept,
  batch,
  type ConformanceRunner,
  chosen,
  describeEntry,
  type JournalSubjectFactory,
  learned,
  open,
  promise,
  type WriteBody,
  withSubject,
} from './journal-conformance-kit.ts';

const HISTORIES = 5;
const LIVES = 4;
const APPENDS_PER_LIFE = 12;

export function journalCrashConformance(factory: JournalSubjectFactory, runner: ConformanceRunner): void {
  withSubject(runner, factory, 'keeps everything it reported through a crash', async (subject) => {
    const first = await open(subject);
    await first.write(promise(3), accept(1, 3, 'a'), accept(2, 3, 'b'));
    await first.write(learned(1), accept(3, 3, 'c'));
    await first.write(learned(2));
    await subject.crash();
    const second = await open(subject);
    assert.deepEqual(second.opened.image.promised, { round: 3, node: 1 });
    // The last learned slot was alone in its append: it needed no flush and may lag.
    assert.ok([1, 2].includes(second.opened.image.learnedSlot));
    assert.deepEqual(second.opened.image.accepted.map(describeEntry).slice(-1), ['3:c']);
    assert.deepEqual(second.texts(1, 2), ['1:a']);
    await second.journal.close();
  });

  for (let seed = 1; seed <= HISTORIES; seed++) {
    withSubject(
      runner,
      factory,
      `agrees with a list over random histories with crashes, seed ${seed}`,
      async (subject) => {
        const random = createRandom(seed);
        const model = new Model();
        for (let life = 0; life < LIVES; life++) {
          const journal = await open(subject);
          model.check(journal.opened.image);
          for (let step = 0; step < APPENDS_PER_LIFE; step++) {
            const writes = model.draw(random);
            await journal.write(...writes);
          }
          assert.deepEqual(journal.texts(1, model.learnedSlot + 1), model.learnedTexts());
          if (random.chance(0.5)) await journal.journal.close();
          else await subject.crash();
        }
      },
    );
  }
}

type Held = { readonly entry: AcceptedEntry; readonly chosen: boolean };

/** The same rules over a plain map, written from the contract. */
class Model {
  readonly held = new Map<number, Held>();
  promised = ZERO_BALLOT;
  learnedSlot = 0;

  /** A few writes that are legal now, and applied here. */
  draw(random: Random): WriteBody[] {
    return Array.from({ length: random.between(1, 4) }, () => {
      const write = this.#drawOne(random);
      this.#apply(write);
      return write;
    });
  }

  check(image: JournalImage): void {
    assert.deepEqual(image.promised, this.promised);
    // It may lag behind what was learned last, and it may count values that are held as chosen.
    assert.ok(
      image.learnedSlot <= this.#highestLearned(),
      `learned ${image.learnedSlot}, held up to ${this.#highestLearned()}`,
    );
    const above = [...this.held.values()].filter(({ entry }) => entry.slot > image.learnedSlot);
    const expected = above
      .map(({ entry, chosen }) => ({ ...entry, chosen }))
      .sort((left, right) => left.slot - right.slot);
    assert.deepEqual(image.accepted, expected);
    // As the protocol does: what the journal does not count as learned is learned again.
    this.learnedSlot = image.learnedSlot;
  }

  learnedTexts(): string[] {
    return Array.from({ length: this.learnedSlot }, (_, index) =>
      describeEntry((this.held.get(index + 1) as Held).entry),
    );
  }

  #drawOne(random: Random): WriteBody {
    const slot = this.learnedSlot + random.between(1, 6);
    const round = this.promised.round + random.below(2);
    const value = random.chance(0.2)
      ? undefined
      : batch('v'.repeat(random.below(9000)) + slot, random.below(1 << 30));
    const draw = random.below(10);
    if (draw === 0) return promise(round, random.between(1, 3));
    if (draw <= 2) return chosen(slot, round, value);
    if (draw <= 5 && this.held.has(this.learnedSlot + 1)) return learned(this.learnedSlot + 1);
    return accept(slot, round, value);
  }

  #apply(write: WriteBody): void {
    if (write.kind === 'learned') {
      this.learnedSlot = write.slot;
      return;
    }
    if (write.kind === 'promise') {
      this.promised = maxBallot(this.promised, write.ballot);
      return;
    }
    if (write.kind === 'accept') this.promised = maxBallot(this.promised, write.entry.ballot);
    if (this.held.get(write.entry.slot)?.chosen !== true)
      this.held.set(write.entry.slot, { entry: write.entry, chosen: write.kind === 'chosen' });
  }

  #highestLearned(): number {
    let slot = this.learnedSlot;
    while (this.held.get(asSlot(slot + 1))?.chosen === true) slot += 1;
    return slot;
  }
}
