/**
 * Conformance of a journal, second part: promises, entries, what was learned, reading, order of callbacks.
 */
import assert from 'node:assert/strict';
import { NOOP } from '../protocol/types.ts';
import {
  accept,
  ballot,
  batch,
  type ConformanceRunner,
  chosen,
  describeEntry,
  type JournalSubjectFactory,
  learned,
  open,
  promise,
  reopen,
  withSubject,
} from './journal-conformance-kit.ts';

export function journalEntriesConformance(factory: JournalSubjectFactory, runner: ConformanceRunner): void {
  promises(factory, runner);
  entries(factory, runner);
  reading(factory, runner);
  callbacks(factory, runner);
}

function promises(factory: JournalSubjectFactory, runner: ConformanceRunner): void {
  withSubject(
    runner,
    factory,
    'keeps the highest promise, whatever order promises come in',
    async (subject) => {
      const first = await open(subject);
      await first.write(promise(4, 2));
      await first.write(promise(4, 1), promise(3, 9));
      const second = await reopen(subject, first);
      assert.deepEqual(second.opened.image.promised, ballot(4, 2));
      await second.write(promise(2 ** 52, 3));
      const third = await reopen(subject, second);
      assert.deepEqual(third.opened.image.promised, ballot(2 ** 52, 3));
      await third.journal.close();
    },
  );

  withSubject(
    runner,
    factory,
    'an accept raises the promise; a value learned from a peer does not',
    async (subject) => {
      const first = await open(subject);
      await first.write(promise(3), accept(1, 5, 'a'), chosen(2, 9, 'b'));
      const second = await reopen(subject, first);
      assert.deepEqual(second.opened.image.promised, ballot(5));
      await second.journal.close();
    },
  );
}

function entries(factory: JournalSubjectFactory, runner: ConformanceRunner): void {
  withSubject(runner, factory, 'gives back what was accepted, field by field', async (subject) => {
    const long = batch('x'.repeat(100_000), 0);
    const first = await open(subject);
    await first.write(accept(3, 1, long), accept(1, 2, NOOP), accept(2 ** 40, 2, batch('far', 2 ** 52)));
    const second = await reopen(subject, first);
    assert.deepEqual(second.opened.image.accepted, [
      { slot: 1, ballot: ballot(2), value: NOOP, chosen: false },
      { slot: 3, ballot: ballot(1), value: long, chosen: false },
      { slot: 2 ** 40, ballot: ballot(2), value: batch('far', 2 ** 52), chosen: false },
    ]);
    await second.journal.close();
  });

  withSubject(runner, factory, 'replaces an accepted value, and never a chosen one', async (subject) => {
    const first = await open(subject);
    await first.write(accept(2, 1, 'old'), accept(3, 1, 'old'), chosen(4, 1, 'chosen'));
    await first.write(accept(2, 2, 'new'), chosen(3, 2, 'chosen'), accept(4, 3, 'late'));
    await first.write(accept(3, 3, 'late'));
    const second = await reopen(subject, first);
    assert.deepEqual(
      second.opened.image.accepted.map((held) => `${describeEntry(held)} ${held.chosen}`),
      ['2:new false', '3:chosen true', '4:chosen true'],
    );
    await second.journal.close();
  });

  withSubject(
    runner,
    factory,
    'loads nothing up to the learned slot, and counts chosen values behind it as learned',
    async (subject) => {
      const first = await open(subject);
      await first.write(
        accept(1, 1, 'a'),
        accept(2, 1, 'b'),
        chosen(3, 1, 'c'),
        chosen(4, 1, 'd'),
        chosen(6, 1, 'f'),
        accept(7, 1, 'g'),
      );
      await first.write(learned(2), promise(1));
      const second = await reopen(subject, first);
      assert.equal(second.opened.image.learnedSlot, 4);
      assert.deepEqual(
        second.opened.image.accepted.map((held) => `${describeEntry(held)} ${held.chosen}`),
        ['6:f true', '7:g false'],
      );
      await second.journal.close();
    },
  );

  withSubject(runner, factory, 'refuses to record as learned what it does not hold', async (subject) => {
    const first = await open(subject);
    await first.write(accept(1, 1, 'a'), accept(3, 1, 'c'));
    assert.equal((await first.append(learned(3)))?.code, 'INVARIANT');
    assert.equal((await first.append(accept(2, 1, 'b')))?.code, 'INVARIANT', 'the first failure is final');
    await first.journal.close();
    const second = await open(subject);
    assert.deepEqual([second.opened.image.learnedSlot, second.opened.image.accepted.length], [0, 2]);
    await second.journal.close();
  });
}

function reading(factory: JournalSubjectFactory, runner: ConformanceRunner): void {
  withSubject(
    runner,
    factory,
    'reads chosen entries densely and stops at the first that is not',
    async (subject) => {
      const first = await open(subject);
      await first.write(
        ...['a', 'b', 'c', 'd'].map((text, index) => accept(index + 1, 1, text)),
        chosen(5, 1),
        chosen(7, 1, 'g'),
      );
      assert.deepEqual(first.texts(1, 8), [], 'accepted is not chosen');
      await first.write(learned(3));
      assert.deepEqual(first.texts(1, 8), ['1:a', '2:b', '3:c']);
      assert.deepEqual(first.texts(2, 3), ['2:b']);
      assert.deepEqual(first.texts(3, 3), []);
      assert.deepEqual(first.texts(5, 8), ['5:noop'], 'chosen above the learned slot, up to the gap');
      await first.write(learned(5));
      assert.deepEqual(first.texts(1, 8), ['1:a', '2:b', '3:c', '4:d', '5:noop']);
      await first.journal.close();
    },
  );

  withSubject(
    runner,
    factory,
    'reads at most the bytes that were asked for, and at least one entry',
    async (subject) => {
      const first = await open(subject);
      await first.write(...[1, 2, 3, 4].map((slot) => chosen(slot, 1, 'x'.repeat(1000))));
      assert.equal(first.texts(1, 5, 2000).length, 2);
      assert.equal(first.texts(1, 5, 1999).length, 1);
      assert.equal(first.texts(2, 5, 0).length, 1);
      await first.journal.close();
    },
  );
}

function callbacks(factory: JournalSubjectFactory, runner: ConformanceRunner): void {
  withSubject(runner, factory, 'calls back in order, once each, never inside append', async (subject) => {
    const { journal, number } = await openNumbered();
    const order: number[] = [];
    let inside = true;
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 30; index++) {
        // Every third one needs no flush and still must wait for its turn.
        const writes =
          index % 3 === 2 ? [learned(index)] : [accept(index + 1, 1, 'v'), accept(index + 2, 1, 'w')];
        journal.append(number(writes), (error) => {
          assert.ok(!inside && error === undefined);
          order.push(index);
          if (index === 29) resolve();
        });
      }
      inside = false;
    });
    assert.deepEqual(
      order,
      Array.from({ length: 30 }, (_, index) => index),
    );
    await journal.close();

    async function openNumbered() {
      const opened = await open(subject);
      return { journal: opened.journal, number: opened.number.bind(opened) };
    }
  });

  withSubject(runner, factory, 'takes an append from inside a callback', async (subject) => {
    const first = await open(subject);
    const { journal } = first;
    await new Promise<void>((resolve, reject) => {
      const step = (slot: number): void => {
        journal.append(first.number([accept(slot, 1, `v${slot}`), learned(slot)]), (error) => {
          if (error !== undefined) reject(error);
          else if (slot === 5) resolve();
          else step(slot + 1);
        });
      };
      step(1);
    });
    assert.equal(first.texts(1, 9).length, 5);
    const { p50, p99 } = journal.flushMs();
    assert.ok(Number.isNaN(p50) ? Number.isNaN(p99) : p50 >= 0 && p99 >= p50);
    await journal.close();
  });
}
