/** A command that comes again, by whatever road and however late, takes effect once and gets its first answer. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InvariantError } from '#src/protocol/invariant.ts';
import { SessionTable, sessionIdOf } from '#src/runtime/session-table.ts';
import { SessionModel } from './model.ts';
import { feed, resultOf, script } from './script.ts';

const BASE_MS = 1_700_000_000_000;

/** A table with one session, opened in slot 1. */
function withSession(): { table: SessionTable; session: number } {
  const table = new SessionTable();
  table.begin(1, BASE_MS);
  const session = table.open();
  table.settle([]);
  assert.equal(session, sessionIdOf(1, 0));
  return { table, session: session as number };
}

describe('session table', () => {
  it('does in every history what the model says, which forgets nothing', () => {
    fc.assert(
      fc.property(script, (slots) => {
        const table = new SessionTable();
        const model = new SessionModel();
        const sessions: (number | undefined)[] = [];
        const executed = new Set<string>();
        for (const [index, content] of slots.entries()) {
          const report = feed(table, index + 1, content, sessions);
          const expected = model.feed(index + 1, content);
          assert.deepEqual(
            {
              logTimeMs: report.logTimeMs,
              opened: report.opened,
              closed: report.closed,
              admissions: report.admissions,
            },
            expected,
          );
          for (const execution of report.executions) {
            assert.ok(!executed.has(execution), `${execution} executes a second time`);
            executed.add(execution);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('is the same table on two nodes, also when only one of them writes records', () => {
    fc.assert(
      fc.property(script, (slots) => {
        const [one, other] = [new SessionTable(), new SessionTable()];
        const sessions: (number | undefined)[][] = [[], []];
        for (const [index, content] of slots.entries()) {
          feed(one, index + 1, content, sessions[0] ?? [], true);
          feed(other, index + 1, content, sessions[1] ?? [], false);
          assert.equal(one.digest(), other.digest());
        }
      }),
      { numRuns: 100 },
    );
  });

  it('executes a higher sequence before a lower one, and each of them once', () => {
    const { table, session } = withSession();
    table.begin(2, undefined);
    assert.deepEqual(table.admit(session, 7, 0), { kind: 'execute' });
    table.settle([resultOf(2, 0)]);
    table.begin(3, undefined);
    assert.deepEqual(table.admit(session, 3, 0), { kind: 'execute' });
    assert.deepEqual(table.admit(session, 7, 0), { kind: 'duplicate', result: resultOf(2, 0) });
    table.settle([resultOf(3, 0)]);
    assert.deepEqual(table.find(session, 3), resultOf(3, 0));
    assert.equal(table.find(session, 4), undefined);
  });

  it('gives a command that is in one slot twice the result of its one execution', () => {
    const { table, session } = withSession();
    table.begin(2, undefined);
    assert.deepEqual(table.admit(session, 1, 0), { kind: 'execute' });
    assert.deepEqual(table.admit(session, 2, 0), { kind: 'execute' });
    assert.deepEqual(table.admit(session, 2, 0), { kind: 'repeated', ordinal: 1 });
    assert.equal(table.executionCount, 2);
    assert.deepEqual(table.execution(1), { session, sequence: 2 });
  });

  it('trims results when they are acknowledged, also by a client that jumps far ahead', () => {
    const { table, session } = withSession();
    table.begin(2, undefined);
    for (let sequence = 1; sequence <= 100; sequence++) table.admit(session, sequence, 0);
    table.settle(Array.from({ length: 100 }, (_, ordinal) => resultOf(2, ordinal)));
    assert.ok(table.resultBytes > 100 * 64);
    table.begin(3, undefined);
    table.acknowledge(session, Number.MAX_SAFE_INTEGER - 1);
    assert.equal(table.resultBytes, 0);
    assert.deepEqual(table.admit(session, 5, 0), { kind: 'refused', code: 'SEQUENCE_STALE' });
    assert.deepEqual(table.admit(session, Number.MAX_SAFE_INTEGER, 0), { kind: 'execute' });
  });

  it('executes nothing further than 4096 above the acknowledged sequence', () => {
    const { table, session } = withSession();
    table.begin(2, undefined);
    assert.deepEqual(table.admit(session, 4097, 0), { kind: 'refused', code: 'SESSION_WINDOW' });
    assert.deepEqual(table.admit(session, 4096, 0), { kind: 'execute' });
    assert.deepEqual(table.admit(session, 4097, 1), { kind: 'execute' });
  });

  it('keeps log time from going back when a leader with a slower clock follows', () => {
    const table = new SessionTable();
    const times = [BASE_MS, BASE_MS - 5000, undefined, BASE_MS + 1].map((stampMs, index) => {
      const logTimeMs = table.begin(index + 1, stampMs);
      table.settle([]);
      return logTimeMs;
    });
    assert.deepEqual(times, [BASE_MS, BASE_MS, BASE_MS, BASE_MS + 1]);
  });

  it('refuses a slot out of order, an unsettled slot and the wrong number of results', () => {
    const { table, session } = withSession();
    assert.throws(() => table.begin(3, undefined), isInvariant('PREFIX-APPLY'));
    table.begin(2, undefined);
    assert.throws(() => table.begin(3, undefined), isInvariant('SESSION-ONCE'));
    table.admit(session, 1, 0);
    assert.throws(() => table.settle([]), isInvariant('SESSION-ONCE'));
    table.settle([resultOf(2, 0)]);
    assert.throws(() => table.settle([]), isInvariant('SESSION-ONCE'));
    assert.throws(() => table.takeDelta(), isInvariant('SESSION-ONCE'));
  });
});

function isInvariant(name: string): (error: unknown) => boolean {
  return (error) => error instanceof InvariantError && error.invariant === name;
}
