/** Purpose: the checker says yes and no to the histories about which everybody agrees. */
import assert from 'node:assert/strict';
import type { Call } from '#src/history/call.ts';
import { checkHistory } from '#src/linearizability/check.ts';
import { append, del, done, get, inc, list, refused, set, swap, total, unknown } from './histories.ts';

const verdictOn = (calls: readonly Call[]): string => checkHistory({ calls, faults: [] }).verdict;

const GOOD: Readonly<Record<string, readonly Call[]>> = {
  'nothing at all': [],
  'a read before any write': [done(1, get, 0, 10, null)],
  'a read during a write sees the old value': [
    done(1, set('a'), 0, 10),
    done(1, set('b'), 20, 50),
    done(2, get, 25, 35, 'a'),
  ],
  'a read during a write sees the new value': [
    done(1, set('a'), 0, 10),
    done(1, set('b'), 20, 50),
    done(2, get, 25, 35, 'b'),
  ],
  'two reads during a write see old, then new': [
    done(1, set('a'), 0, 100),
    done(2, get, 10, 20, null),
    done(3, get, 30, 40, 'a'),
  ],
  'overlapping writes in the order that a later read shows': [
    done(1, set('a'), 0, 50),
    done(2, set('b'), 10, 40),
    done(3, get, 60, 70, 'a'),
  ],
  'a write of unknown end that nobody sees': [unknown(1, set('a'), 0), done(2, get, 100, 110, null)],
  'a write of unknown end that is seen much later': [
    unknown(1, set('a'), 0),
    done(2, get, 100, 110, null),
    done(2, get, 1000, 1010, 'a'),
  ],
  'a delete of unknown end that takes effect later': [
    done(1, set('a'), 0, 10),
    unknown(2, del, 20),
    done(1, get, 30, 40, 'a'),
    done(1, get, 50, 60, null),
  ],
  'a refused write that nobody sees': [refused(1, set('a'), 0), done(2, get, 100, 110, null)],
  'a delete answers what it removed': [
    done(1, set('a'), 0, 10),
    done(1, del, 20, 30, 'a'),
    done(1, del, 40, 50, null),
  ],
  'a swap answers what was there': [
    done(1, swap('a'), 0, 10, null),
    done(1, swap('b'), 20, 30, 'a'),
    done(1, get, 40, 50, 'b'),
  ],
  'an answer that was not kept': [done(1, set('a'), 0, 10), done(1, del, 20, 30), done(1, get, 40, 50, null)],
  'overlapping increments answer in either order': [
    done(1, inc, 0, 50, 2),
    done(2, inc, 10, 40, 1),
    done(3, total, 60, 70, 2),
  ],
  'an increment of unknown end counts once': [
    done(1, inc, 0, 10, 1),
    unknown(2, inc, 20),
    done(1, inc, 40, 50, 3),
  ],
  'an increment of unknown end does not count': [
    done(1, inc, 0, 10, 1),
    unknown(2, inc, 20),
    done(1, inc, 40, 50, 2),
  ],
  'a list shows what was appended in order': [
    done(1, append('a'), 0, 10),
    done(2, append('b'), 20, 30),
    done(1, list, 40, 50, ['a', 'b']),
  ],
  'overlapping appends in either order': [
    done(1, append('a'), 0, 30),
    done(2, append('b'), 0, 30),
    done(1, list, 40, 50, ['b', 'a']),
  ],
  'calls that touch in the same microsecond overlap': [done(1, set('a'), 0, 10), done(2, get, 10, 20, null)],
};

const BAD: Readonly<Record<string, readonly Call[]>> = {
  'a stale read': [done(1, set('a'), 0, 10), done(1, set('b'), 20, 30), done(2, get, 40, 50, 'a')],
  'a lost write': [done(1, set('a'), 0, 10), done(2, get, 20, 30, null)],
  'a lost update of a counter': [done(1, inc, 0, 10, 1), done(2, inc, 20, 30, 1)],
  'an increment that happened twice': [done(1, inc, 0, 10, 1), done(1, total, 20, 30, 2)],
  'the same total for two increments that overlap': [done(1, inc, 0, 30, 1), done(2, inc, 10, 40, 1)],
  'an increment of unknown end that counts twice': [
    done(1, inc, 0, 10, 1),
    unknown(2, inc, 20),
    done(1, inc, 40, 50, 4),
  ],
  'a read from the future': [done(1, get, 0, 10, 'a'), done(2, set('a'), 20, 30)],
  'a value that nobody wrote': [done(1, set('a'), 0, 10), done(1, get, 20, 30, 'z')],
  'two reads that see new, then old': [
    done(1, set('a'), 0, 10),
    done(1, set('b'), 20, 100),
    done(2, get, 30, 40, 'b'),
    done(3, get, 50, 60, 'a'),
  ],
  'a write of unknown end that is seen and then unseen': [
    done(1, set('a'), 0, 10),
    unknown(2, set('b'), 20),
    done(3, get, 40, 50, 'b'),
    done(3, get, 60, 70, 'a'),
  ],
  'a write of unknown end that takes effect before it began': [
    done(1, get, 0, 10, 'a'),
    unknown(2, set('a'), 20),
  ],
  'a refused write that is seen': [refused(1, set('a'), 0), done(2, get, 100, 110, 'a')],
  'a refused increment that counts': [refused(1, inc, 0), done(2, total, 100, 110, 1)],
  'a deleted value that comes back': [
    done(1, set('a'), 0, 10),
    done(1, del, 20, 30, 'a'),
    done(2, get, 40, 50, 'a'),
  ],
  'a value removed twice': [done(1, set('a'), 0, 10), done(1, del, 20, 60, 'a'), done(2, del, 30, 50, 'a')],
  'a swap that answers what it stored': [done(1, swap('a'), 0, 10, 'a')],
  'a set that answers another value': [done(1, set('a'), 0, 10, 'b')],
  'two observers that disagree on the order of overlapping writes': [
    done(1, set('a'), 0, 50),
    done(2, set('b'), 0, 50),
    done(3, get, 60, 70, 'a'),
    done(4, get, 60, 70, 'b'),
  ],
  'a list without an element that was there': [
    done(1, append('a'), 0, 10),
    done(1, append('b'), 20, 30),
    done(2, list, 40, 50, ['b']),
  ],
  'a list in another order': [
    done(1, append('a'), 0, 10),
    done(1, append('b'), 20, 30),
    done(2, list, 40, 50, ['b', 'a']),
  ],
  'an element that is in the list twice': [done(1, append('a'), 0, 10), done(1, list, 20, 30, ['a', 'a'])],
  'two lists of which neither begins with the other': [
    done(1, append('a'), 0, 90),
    done(2, append('b'), 0, 90),
    done(3, list, 10, 20, ['a']),
    done(4, list, 30, 40, ['b']),
  ],
};

describe('linearizability of known histories', () => {
  for (const [name, calls] of Object.entries(GOOD)) {
    it(`yes: ${name}`, () => assert.equal(verdictOn(calls), 'yes'));
  }
  for (const [name, calls] of Object.entries(BAD)) {
    it(`no: ${name}`, () => assert.equal(verdictOn(calls), 'no'));
  }

  it('judges every key by itself and names those that fail', () => {
    const good = (GOOD['a delete answers what it removed'] ?? []).map((call) => ({ ...call, key: 'good' }));
    const bad = (BAD['a stale read'] ?? []).map((call) => ({ ...call, key: 'bad' }));
    const report = checkHistory({ calls: [...good, ...bad], faults: [] });
    assert.equal(report.verdict, 'no');
    assert.deepEqual(
      report.violations.map(({ problem }) => problem.key),
      ['bad'],
    );
    assert.deepEqual([report.calls, report.keys, report.undecided.length], [6, 2, 0]);
  });

  it('refuses a key that is used as two kinds of object', () => {
    const mixed = [done(1, set('a'), 0, 10), done(1, inc, 20, 30, 1)];
    assert.throws(() => verdictOn(mixed), { code: 'ARGUMENT', message: /key k is a register, and inc/ });
  });

  it('is undecided, and not content, when the bound is reached', () => {
    const writers = Array.from({ length: 12 }, (_, client) => done(client, set(`v${client}`), 0, 100));
    const report = checkHistory(
      { calls: [...writers, done(20, get, 200, 210, 'v3'), done(20, get, 220, 230, 'v4')], faults: [] },
      { maxConfigurations: 100 },
    );
    assert.equal(report.verdict, 'undecided');
    assert.deepEqual(report.undecided, ['k']);
  });

  it('lets one undecided key in more than a thousand pass, and counts it', () => {
    const writers = Array.from({ length: 12 }, (_, client) => done(client, set(`v${client}`), 0, 100));
    const hard = [...writers, done(20, get, 200, 210, 'v3'), done(20, get, 220, 230, 'v4')];
    const easy = Array.from({ length: 1000 }, (_, key) => ({
      ...done(1, get, 0, 1, null),
      key: `easy-${key}`,
    }));
    const report = checkHistory({ calls: [...hard, ...easy], faults: [] }, { maxConfigurations: 100 });
    assert.equal(report.verdict, 'yes');
    assert.deepEqual(report.undecided, ['k']);
  });
});
