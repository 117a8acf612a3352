/** Nothing in the session table grows without end, and no bound ever makes a command execute twice. */
import assert from 'node:assert/strict';
import type { Result } from '@quorate/wire';
import { SessionTable } from '#src/runtime/session-table.ts';

const BASE_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const MEBIBYTE = 1024 * 1024;

/** One array for all: the table counts lengths and keeps references. */
const LARGE: Result = { ok: true, value: new Uint8Array(MEBIBYTE) };
const EXPIRED = { kind: 'refused', code: 'SESSION_EXPIRED' };
const STALE = { kind: 'refused', code: 'SEQUENCE_STALE' };

/** Slots of one kind of thing, numbered by itself. */
class Feeder {
  readonly table = new SessionTable();

  slot(stampMs: number, body: () => void, result: Result = LARGE): void {
    this.table.begin(this.table.slot + 1, stampMs);
    body();
    this.table.settle(Array.from({ length: this.table.executionCount }, () => result));
  }

  open(stampMs = BASE_MS): number {
    let session: number | undefined;
    this.slot(stampMs, () => {
      session = this.table.open();
    });
    assert.ok(session !== undefined);
    return session;
  }

  execute(session: number, from: number, until: number, stampMs = BASE_MS): void {
    this.slot(stampMs, () => {
      for (let sequence = from; sequence < until; sequence++) {
        assert.deepEqual(this.table.admit(session, sequence, 0), { kind: 'execute' });
      }
    });
  }
}

describe('bounds of the session table', () => {
  it('opens 4096 sessions in a slot and no more', () => {
    const feeder = new Feeder();
    feeder.slot(BASE_MS, () => {
      const ids = new Set(Array.from({ length: 4096 }, () => feeder.table.open()));
      assert.equal(ids.size, 4096);
      assert.equal(feeder.table.open(), undefined);
    });
    assert.equal(feeder.table.sessionCount, 4096);
  });

  it('holds 65536 sessions and ends the one that was idle longest for the next', () => {
    const feeder = new Feeder();
    const sessions: number[] = [];
    for (let count = 0; count < 16; count++) {
      feeder.slot(BASE_MS, () => {
        for (let opening = 0; opening < 4096; opening++) sessions.push(feeder.table.open() ?? 0);
      });
    }
    assert.equal(feeder.table.sessionCount, 65_536);
    const [first = 0, second = 0] = sessions;
    feeder.slot(BASE_MS, () => assert.ok(feeder.table.acknowledge(first, 0)));
    feeder.open();
    assert.equal(feeder.table.sessionCount, 65_536);
    feeder.slot(BASE_MS, () => {
      assert.deepEqual(feeder.table.admit(second, 1, 0), EXPIRED);
      assert.deepEqual(feeder.table.admit(first, 1, 0), { kind: 'execute' });
    });
  });

  it('expires a session an hour of log time after its last use, and not before', () => {
    const feeder = new Feeder();
    const [idle, busy] = [feeder.open(), feeder.open()];
    feeder.slot(BASE_MS + HOUR_MS, () => assert.ok(feeder.table.acknowledge(busy, 0)));
    feeder.slot(BASE_MS + HOUR_MS + 1, () => {
      assert.equal(feeder.table.sessionCount, 1);
      assert.deepEqual(feeder.table.admit(idle, 1, 0), EXPIRED);
      assert.deepEqual(feeder.table.admit(busy, 1, 0), { kind: 'execute' });
    });
  });

  it('refuses every expired session at once, and removes at most 1024 of them in a slot', () => {
    const feeder = new Feeder();
    let last = 0;
    feeder.slot(BASE_MS, () => {
      for (let opening = 0; opening < 3000; opening++) last = feeder.table.open() ?? 0;
    });
    const counts = [1, 2, 3, 4].map((step) => {
      feeder.slot(BASE_MS + HOUR_MS + step, () => assert.deepEqual(feeder.table.admit(last, 1, 0), EXPIRED));
      return feeder.table.sessionCount;
    });
    assert.deepEqual(counts, [1976, 952, 0, 0]);
  });

  it('does not execute again what it executed with a result too large to keep', () => {
    const feeder = new Feeder();
    const session = feeder.open();
    feeder.execute(session, 1, 101);
    assert.ok(
      feeder.table.resultBytes <= 64 * MEBIBYTE + 100 * 64,
      `${feeder.table.resultBytes} bytes are kept`,
    );
    feeder.slot(BASE_MS, () => {
      const admissions = Array.from({ length: 100 }, (_, index) => feeder.table.admit(session, index + 1, 0));
      const kept = admissions.filter((admission) => admission.kind === 'duplicate').length;
      assert.equal(kept, 63);
      for (const admission of admissions.slice(kept)) assert.deepEqual(admission, STALE);
      assert.deepEqual(
        feeder.table.admit(session, 101, 100),
        { kind: 'execute' },
        'an acknowledgement makes room again',
      );
    });
    assert.equal(feeder.table.find(session, 101), LARGE);
  });

  it('ends idle sessions when all results together are too many bytes', () => {
    const feeder = new Feeder();
    const sessions = Array.from({ length: 6 }, () => {
      const session = feeder.open();
      feeder.execute(session, 1, 61);
      return session;
    });
    assert.equal(feeder.table.sessionCount, 5, 'the slot after the fifth found too many bytes');
    feeder.slot(BASE_MS, () => undefined);
    assert.equal(feeder.table.sessionCount, 4);
    assert.ok(feeder.table.resultBytes <= 256 * MEBIBYTE);
    feeder.slot(BASE_MS, () => {
      const kinds = sessions.map((session) => feeder.table.admit(session, 1, 0).kind);
      assert.deepEqual(kinds, ['refused', 'refused', 'duplicate', 'duplicate', 'duplicate', 'duplicate']);
    });
  });
});
