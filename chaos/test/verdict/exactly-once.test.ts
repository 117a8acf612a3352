/** Purpose: the arithmetic of exactly-once accepts what may be and names what may not. */
import assert from 'node:assert/strict';
import type { Action, Call, Content } from '@quorate/sim';
import { countOnce } from '#src/verdict/exactly-once.ts';

const FINAL = 0;
let lastId = 0;

function done(client: number, key: string, action: Action, answer: Content): Call {
  return { id: lastId++, client, key, action, beganUs: 0, end: { kind: 'done', atUs: 1, answer } };
}

function unknown(client: number, key: string, action: Action): Call {
  return { id: lastId++, client, key, action, beganUs: 0, end: { kind: 'unknown', atUs: 1 } };
}

const inc: Action = { kind: 'inc', by: 1 };
const total: Action = { kind: 'total' };
const set = (value: string): Action => ({ kind: 'set', value });

describe('exactly-once', () => {
  it('counts increments of unknown end once or not at all', () => {
    const increments = [done(1, 'c', inc, 1), unknown(2, 'c', inc), done(3, 'c', inc, 3)];
    for (const final of [2, 3]) {
      const report = countOnce([...increments, done(FINAL, 'c', total, final)], FINAL);
      assert.deepEqual(report.findings, []);
      assert.deepEqual([report.acknowledgedIncrements, report.unknownIncrements], [2, 1]);
    }
  });

  it('names a counter that holds too much or too little', () => {
    for (const final of [1, 4]) {
      const history: Call[] = [
        done(1, 'c', inc, 1),
        unknown(2, 'c', inc),
        done(3, 'c', inc, 3),
        done(FINAL, 'c', total, final),
      ];
      assert.deepEqual(countOnce(history, FINAL).findings, [
        `c holds ${final} after 2 acknowledged increments and 1 of unknown end`,
      ]);
    }
  });

  it('names increments with the same answer, and counters that nobody read', () => {
    const history = [done(1, 'c', inc, 1), done(2, 'c', inc, 1)];
    assert.deepEqual(countOnce(history, FINAL).findings, [
      'two increments of c were both answered 1',
      'c was not read at the end',
    ]);
  });

  it('wants every acknowledged write of a key that is written once', () => {
    const get: Action = { kind: 'get' };
    const history = [
      done(1, 'once-1', set('a'), 'a'),
      done(1, 'once-2', set('b'), 'b'),
      unknown(1, 'once-3', set('c')),
      done(1, 'register-1', set('d'), 'd'),
      done(FINAL, 'once-1', get, 'a'),
      done(FINAL, 'once-2', get, null),
      done(FINAL, 'once-3', get, null),
      done(FINAL, 'register-1', get, null),
    ];
    const report = countOnce(history, FINAL);
    assert.deepEqual(report.findings, ['acknowledged write lost: once-2 holds null, not b']);
    assert.equal(report.acknowledgedWritesChecked, 2);
  });
});
