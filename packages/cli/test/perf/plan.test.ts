/** Purpose: the options of `quorate perf` become a plan, and every senseless one is refused with its name. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mixPeriod, OPERATIONS, parseMix } from '#src/perf/mix.ts';
import { type PerfFlags, readPlan } from '#src/perf/plan.ts';

describe('perf plan', () => {
  it('has defaults that measure one client for ten seconds', () => {
    const { kills, limit, mix, ...rest } = readPlan({});
    assert.deepEqual(
      { kills, limit, mix },
      { kills: [], limit: { kind: 'duration', durationMs: 10_000 }, mix: { set: 100, get: 0, del: 0 } },
    );
    const expected = {
      spawn: undefined,
      inFlight: 1,
      connections: 1,
      warmupMs: 0,
      valueBytes: 100,
      keyCount: 10_000,
    };
    assert.deepEqual(rest, { ...expected, failovers: 0, verify: false, svgPath: undefined });
  });

  it('reads the five-node line', () => {
    const plan = readPlan({ spawn: '5', requests: '3600', valueSize: '52', kill: ['2@25', 'leader@75%'] });
    assert.deepEqual(plan.limit, { kind: 'requests', count: 3600 });
    assert.deepEqual(plan.kills, [
      { target: 2, percent: 25 },
      { target: 'leader', percent: 75 },
    ]);
    assert.equal(plan.verify, true);
    assert.equal(readPlan({ spawn: '3', failover: '10', verify: false }).verify, false);
    assert.deepEqual(readPlan({ spawn: '3', failover: '10' }).limit, { kind: 'open' });
  });

  const refused: readonly [PerfFlags, RegExp][] = [
    [{ clients: '0' }, /--clients/],
    [{ clients: '1.5' }, /--clients/],
    [{ clients: '4', connections: '5' }, /--connections/],
    [{ requests: '10', duration: '1s' }, /exclude/],
    [{ duration: '10' }, /--duration: not a duration/],
    [{ mix: 'set=50,put=50' }, /--mix/],
    [{ mix: 'set=0' }, /all shares are zero/],
    [{ mix: 'set=1=2' }, /--mix/],
    [{ kill: ['2@25'] }, /need --spawn/],
    [{ spawn: '3', kill: ['4@25'] }, /no node 4/],
    [{ spawn: '3', kill: ['0@25'] }, /NODE@PERCENT/],
    [{ spawn: '3', kill: ['1@101'] }, /NODE@PERCENT/],
    [{ spawn: '3', kill: ['king@5'] }, /NODE@PERCENT/],
    [{ spawn: '3', kill: ['1@5'], failover: '1' }, /exclude/],
    [{ spawn: '3', failover: '2', duration: '5s' }, /leave out/],
    [{ spawn: '1', failover: '2' }, /at least --spawn 3/],
    [{ verify: true, valueSize: '5' }, /--verify needs a --value-size/],
    [{ clients: '64', keys: '100' }, /--keys must be at least twice/],
    [{ spawn: '10' }, /--spawn/],
  ];
  for (const [flags, message] of refused) {
    it(`refuses ${JSON.stringify(flags)}`, () => {
      assert.throws(() => readPlan(flags), { code: 'ARGUMENT', message });
    });
  }
});

describe('perf mix', () => {
  it('spreads the operations evenly', () => {
    assert.deepEqual(mixPeriod(parseMix('set=50,get=50')), ['set', 'get']);
    assert.deepEqual(mixPeriod(parseMix('get=2,set=1')), ['get', 'set', 'get']);
    assert.deepEqual(mixPeriod(parseMix('del=7')), ['del']);
  });

  it('holds every operation exactly as often as its share says', () => {
    const weights = fc
      .tuple(fc.nat(40), fc.nat(40), fc.nat(40))
      .filter(([set, get, del]) => set + get + del > 0);
    fc.assert(
      fc.property(weights, ([set, get, del]) => {
        const period = mixPeriod({ set, get, del });
        const total = set + get + del;
        for (const operation of OPERATIONS) {
          const times = period.filter((each) => each === operation).length;
          assert.equal(times * total, { set, get, del }[operation] * period.length);
        }
      }),
    );
  });
});
