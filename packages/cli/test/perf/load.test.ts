/** Purpose: the load keeps exactly so many operations in flight, counts every fate, and the reading back finds what is lost. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Ledger } from '#src/perf/ledger.ts';
import { Load, type LoadLimit } from '#src/perf/load.ts';
import type { Operation } from '#src/perf/mix.ts';
import { verify } from '#src/perf/verify.ts';
import { type Fate, MemoryClient } from './memory-client.ts';

type Setup = {
  readonly limit?: LoadLimit;
  readonly inFlight?: number;
  readonly keyCount?: number;
  readonly period?: readonly Operation[];
};

function setUp(setup: Setup = {}): { client: MemoryClient; ledger: Ledger; load: Load } {
  const client = new MemoryClient();
  const ledger = new Ledger({
    run: 'test',
    keyCount: setup.keyCount ?? 1000,
    valueBytes: 20,
    numbered: true,
  });
  const load = new Load({
    clients: [client],
    inFlight: setup.inFlight ?? 4,
    limit: setup.limit ?? { kind: 'requests', count: 100 },
    period: setup.period ?? ['set'],
    ledger,
  });
  return { client, ledger, load };
}

describe('perf load', () => {
  it('issues exactly the requests it was told to, with exactly so many in flight', async () => {
    const { client, load } = setUp({ inFlight: 7 });
    await load.run();
    assert.equal(client.calls, 100);
    assert.equal(client.mostUnderWay, 7);
    assert.equal(load.recorder.latencies.count, 100);
    assert.equal(load.progress, 1);
    assert.equal(
      load.recorder.bars.reduce((sum, bar) => sum + bar, 0),
      100,
    );
  });

  it('spreads the workers over the connections', async () => {
    const clients = [new MemoryClient(), new MemoryClient(), new MemoryClient()];
    const ledger = new Ledger({ run: 'test', keyCount: 100, valueBytes: 20, numbered: true });
    await new Load({
      clients,
      ledger,
      inFlight: 6,
      limit: { kind: 'requests', count: 60 },
      period: ['set'],
    }).run();
    assert.deepEqual(
      clients.map((client) => client.mostUnderWay),
      [2, 2, 2],
    );
  });

  it('ends after its duration, and an open one when it is stopped', async () => {
    const timed = setUp({ limit: { kind: 'duration', durationMs: 30 } });
    await timed.load.run();
    assert.ok(timed.load.elapsedMs >= 30);
    const open = setUp({ limit: { kind: 'open' } });
    open.client.fate = (call) => {
      if (call === 50) open.load.stop();
      return 'done';
    };
    await open.load.run();
    assert.ok(open.client.calls >= 50 && open.client.calls < 60);
  });

  it('counts what was not executed and what nobody knows apart from what was answered', async () => {
    const { client, load } = setUp({ limit: { kind: 'requests', count: 12 } });
    const fates: Fate[] = ['done', 'refused', 'unknown-done', 'unknown-lost'];
    client.fate = (call) => fates[call % 4] as Fate;
    await load.run();
    const { errors, unknown, codes, latencies } = load.recorder;
    assert.deepEqual({ errors, unknown, answered: latencies.count }, { errors: 3, unknown: 6, answered: 3 });
    assert.deepEqual(Object.fromEntries(codes), { NO_LEADER: 3, TIMEOUT: 6 });
  });

  it('passes on a failure that is a bug and not weather', async () => {
    const { client, load } = setUp({ limit: { kind: 'open' } });
    client.fate = () => {
      throw new TypeError('a bug');
    };
    await assert.rejects(load.run(), { name: 'TypeError' });
  });

  it('accepts every history in which acknowledged writes are there and unknown ones are either way', async () => {
    const fate = fc.constantFrom<Fate>('done', 'done', 'done', 'refused', 'unknown-done', 'unknown-lost');
    const period = fc.constantFrom<readonly Operation[]>(
      ['set'],
      ['set', 'del'],
      ['set', 'get', 'set', 'del'],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { minLength: 1, maxLength: 40 }),
        period,
        fc.integer({ min: 60, max: 90 }),
        async (fates, operations, keyCount) => {
          const { client, ledger, load } = setUp({
            limit: { kind: 'requests', count: 50 },
            inFlight: 2,
            keyCount,
            period: operations,
          });
          client.fate = (call) => fates[call % fates.length] as Fate;
          await load.run();
          const { lost, keys } = await verify(ledger, [client], () => undefined);
          assert.equal(lost, 0);
          assert.equal(keys, ledger.usedKeys);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('finds every acknowledged write that is not there, and names some', async () => {
    const { client, ledger, load } = setUp();
    client.fate = (call) => (call % 10 === 0 ? 'lied' : 'done');
    await load.run();
    const { lost, examples, acknowledgedWrites } = await verify(ledger, [client], () => undefined);
    assert.deepEqual({ lost, acknowledgedWrites }, { lost: 10, acknowledgedWrites: 100 });
    assert.match(examples[0] ?? '', /^perftest0000000\d+: nothing instead of "0000000000\d\d\.+"$/);
    assert.equal(examples.length, 5);
  });

  it('finds a value that nobody may hold, such as a refused write that happened', async () => {
    const { client, ledger, load } = setUp({ limit: { kind: 'requests', count: 5 } });
    await load.run();
    client.values.set(ledger.keyText(2), ledger.valueText(99));
    const { lost } = await verify(ledger, [client], () => undefined);
    assert.equal(lost, 1);
  });
});

describe('perf ledger', () => {
  it('has one write under way per key, and never writes again to a key of unknown outcome', () => {
    const ledger = new Ledger({ run: 'x', keyCount: 3, valueBytes: 12, numbered: true });
    assert.deepEqual([ledger.beginWrite(), ledger.beginWrite()], [0, 1]);
    ledger.unknown(0, 1);
    ledger.acknowledged(1, 2);
    assert.deepEqual([ledger.beginWrite(), ledger.beginWrite()], [2, 1]);
    assert.throws(() => ledger.beginWrite(), { code: 'OVERLOADED' });
    ledger.refused(1);
    assert.equal(ledger.beginWrite(), 1);
    assert.deepEqual([...ledger.expectations()][0], {
      key: 'perfx00000000',
      allowed: [null, '000000000001'],
    });
  });

  it('gives values of the size asked for', () => {
    for (const valueBytes of [0, 5, 12, 52, 100]) {
      const plain = new Ledger({ run: 'x', keyCount: 3, valueBytes, numbered: false });
      assert.equal(plain.valueText(7).length, valueBytes);
    }
    const numbered = new Ledger({ run: 'x', keyCount: 3, valueBytes: 52, numbered: true });
    assert.equal(numbered.valueText(123_456).length, 52);
    assert.notEqual(numbered.valueText(1), numbered.valueText(2));
  });
});
