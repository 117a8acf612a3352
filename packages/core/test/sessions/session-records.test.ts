/** A node that crashes between any two slots comes back with the table that it would have had. */
import assert from 'node:assert/strict';
import { QuorateError } from '@quorate/wire';
import fc from 'fast-check';
import type { SystemRecord } from '#src/ports/backend.ts';
import { mergeRecords } from '#src/ports/backend-image.ts';
import { SessionTable, sessionIdOf } from '#src/runtime/session-table.ts';
import { feed, resultOf, resultsOf, script } from './script.ts';

/** The records as a store keeps them. */
class RecordStore {
  readonly #records = new Map<string, Uint8Array>();

  take(delta: readonly SystemRecord[]): void {
    mergeRecords(this.#records, delta);
  }

  /** In an order that has nothing to do with how they were written. */
  all(): SystemRecord[] {
    return [...this.#records]
      .map(([key, value]) => ({ key, value }))
      .sort((left, right) => (left.key < right.key ? 1 : -1));
  }

  get keys(): string[] {
    return [...this.#records.keys()].sort();
  }
}

describe('session records', () => {
  it('bring back the same table, and the same records from then on, after a crash at any slot', () => {
    fc.assert(
      fc.property(script, fc.array(fc.nat(29), { maxLength: 4 }), (slots, crashes) => {
        const [steady, crashing] = [new RecordStore(), new RecordStore()];
        const table = new SessionTable();
        let other = new SessionTable();
        const sessions: (number | undefined)[][] = [[], []];
        for (const [index, content] of slots.entries()) {
          const slot = index + 1;
          steady.take(feed(table, slot, content, sessions[0] ?? []).records);
          const report = feed(other, slot, content, sessions[1] ?? []);
          crashing.take(report.records);
          if (crashes.includes(index))
            other = SessionTable.restore(slot, crashing.all(), resultsOf(slot, report));
          assert.equal(other.digest(), table.digest());
          assert.deepEqual(crashing.all(), steady.all());
        }
      }),
      { numRuns: 300 },
    );
  });

  it('written only now and then say as much as written with every slot', () => {
    fc.assert(
      fc.property(script, (slots) => {
        const table = new SessionTable();
        const store = new RecordStore();
        const sessions: (number | undefined)[] = [];
        for (const [index, content] of slots.entries()) {
          const slot = index + 1;
          const isWanted = slot % 7 === 0 || slot === slots.length;
          const report = feed(table, slot, content, sessions, isWanted);
          if (!isWanted) continue;
          store.take(report.records);
          assert.equal(
            SessionTable.restore(slot, store.all(), resultsOf(slot, report)).digest(),
            table.digest(),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('hold no results for a client that waits for every answer, and none after the last acknowledgement', () => {
    const table = new SessionTable();
    const store = new RecordStore();
    table.begin(1, 1);
    const session = table.open() ?? 0;
    store.take(table.takeDelta());
    table.settle([]);
    for (let sequence = 1; sequence <= 5; sequence++) {
      table.begin(table.slot + 1, 1);
      assert.equal(table.admit(session, sequence, sequence - 1).kind, 'execute');
      store.take(table.takeDelta());
      assert.deepEqual(store.keys, [`session/${session}`, 'session/head']);
      table.settle([resultOf(table.slot, 0)]);
    }
    table.begin(7, 1);
    table.admit(session, 6, 4);
    store.take(table.takeDelta());
    assert.deepEqual(store.keys, [`session/${session}`, `session/${session}/7`, 'session/head']);
    table.settle([resultOf(7, 0)]);
    table.begin(8, 1);
    table.close(session);
    store.take(table.takeDelta());
    assert.deepEqual(store.keys, ['session/head']);
  });

  it('of results go when all of them are acknowledged, and are deleted once', () => {
    const table = new SessionTable();
    const store = new RecordStore();
    const slot = (body: (session: number) => void): readonly SystemRecord[] => {
      table.begin(table.slot + 1, 1);
      body(sessionIdOf(1, 0));
      const delta = table.takeDelta();
      store.take(delta);
      table.settle(
        Array.from({ length: table.executionCount }, (_, ordinal) => resultOf(table.slot, ordinal)),
      );
      return delta;
    };
    slot(() => table.open());
    // The higher one first: two groups of one slot, in the order of their retries.
    slot((session) => [table.admit(session, 9, 0), table.admit(session, 3, 0)]);
    slot(() => undefined);
    const key = `session/${sessionIdOf(1, 0)}/3`;
    assert.ok(store.keys.includes(key));
    const restored = SessionTable.restore(3, store.all(), []);
    for (const [one, ackSequence, isThere] of [
      [table, 3, true],
      [restored, 3, true],
      [table, 9, false],
    ] as const) {
      one.begin(one.slot + 1, 1);
      one.acknowledge(sessionIdOf(1, 0), ackSequence);
      const delta = one.takeDelta();
      assert.equal(
        delta.some((record) => record.key === key),
        !isThere,
      );
      one.settle([]);
      if (one === table) store.take(delta);
      assert.equal(store.keys.includes(key), isThere);
    }
    slot((session) => table.close(session));
    assert.deepEqual(store.keys, ['session/head']);
    assert.deepEqual(
      slot(() => undefined).map((record) => record.key),
      ['session/head'],
    );
  });

  it('give the results of the last slot back to the sessions that they belong to', () => {
    const table = new SessionTable();
    const store = new RecordStore();
    table.begin(1, 1);
    const [first = 0, second = 0] = [table.open(), table.open()];
    const commands = [
      [first, 1],
      [second, 2],
      [second, 3],
      [first, 2],
      [first, 9],
    ] as const;
    for (const [session, sequence] of commands) table.admit(session, sequence, 0);
    store.take(table.takeDelta());
    const results = commands.map((_, ordinal) => resultOf(1, ordinal));
    const restored = SessionTable.restore(1, store.all(), results);
    assert.deepEqual(
      commands.map(([session, sequence]) => restored.find(session, sequence)),
      results,
    );
    assert.equal(restored.find(first, 3), undefined);
  });

  it('keep the order of last use, by which sessions end', () => {
    const table = new SessionTable();
    const store = new RecordStore();
    const hour = 3_600_000;
    table.begin(1, 1);
    const [first = 0, second = 0] = [table.open(), table.open()];
    store.take(table.takeDelta());
    table.settle([]);
    table.begin(2, hour / 2);
    table.acknowledge(first, 0);
    store.take(table.takeDelta());
    table.settle([]);
    const restored = SessionTable.restore(2, store.all(), []);
    restored.begin(3, hour + 2);
    assert.equal(restored.sessionCount, 1);
    assert.deepEqual([restored.acknowledge(first, 0), restored.acknowledge(second, 0)], [true, false]);
  });

  it('that do not fit the store are refused as divergence', () => {
    const table = new SessionTable();
    const store = new RecordStore();
    table.begin(1, 1);
    const session = table.open() ?? 0;
    table.admit(session, 1, 0);
    store.take(table.takeDelta());
    const results = [resultOf(1, 0)];
    const refused = (slot: number, records: readonly SystemRecord[], lastResults = results): void => {
      assert.throws(
        () => SessionTable.restore(slot, records, lastResults),
        (error) => error instanceof QuorateError && error.code === 'BACKEND_DIVERGED',
      );
    };
    assert.deepEqual(SessionTable.restore(1, store.all(), results).find(session, 1), resultOf(1, 0));
    refused(2, store.all());
    refused(1, []);
    refused(1, store.all(), []);
    refused(1, store.all(), [...results, ...results]);
    for (const { key, value } of store.all())
      refused(1, [...store.all(), { key, value: (value ?? new Uint8Array(0)).slice(1) }]);
  });
});
