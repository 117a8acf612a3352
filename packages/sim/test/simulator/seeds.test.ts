/**
 * A range of seeds passes with every checker on, goes through everything that it must, and each seed gives the same
 * run whenever it runs.
 */
import assert from 'node:assert/strict';
import { COVERED, CoverageCounts, RARE, requiredOf } from '#src/coverage.ts';
import { drawProfile } from '#src/profile.ts';
import { simulate } from '#src/simulate.ts';

const FIRST_SEED = 1;
const SEEDS = 240;
const SEEDS_RUN_TWICE = 20;
const LONG_SEEDS = 2;
const BUDGET_MS = 120_000;

describe('simulated clusters', () => {
  it(`keep every property over ${SEEDS} seeds of chaos and healing`, function () {
    this.timeout(BUDGET_MS);
    const coverage = new CoverageCounts();
    let chosenSlots = 0;
    let events = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const verdict = simulate({ seed });
      assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.sentence}\n${verdict.replay}`);
      coverage.add(verdict.coverage);
      chosenSlots += verdict.chosenSlots;
      events += verdict.events;
    }
    assert.deepEqual(coverage.missing(), [], 'what these seeds never went through proves nothing');
    assert.ok(chosenSlots > SEEDS * 20, `${chosenSlots} slots were chosen`);
    assert.ok(events > SEEDS * 2000, `${events} events`);
  });

  it(`keep every property over ${LONG_SEEDS} long runs of large clusters`, function () {
    this.timeout(BUDGET_MS);
    const coverage = new CoverageCounts();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + LONG_SEEDS; seed++) {
      const verdict = simulate({ seed, long: true });
      assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.sentence}\n${verdict.replay}`);
      assert.ok(verdict.events > 200_000 && verdict.profile.nodeCount >= 5);
      coverage.add(verdict.coverage);
    }
    assert.deepEqual(
      coverage.missing(['power-cut', 'deposed-leader', 'recovered-value', 'backend-ahead']),
      [],
    );
  });

  it(`are reproducible: ${SEEDS_RUN_TWICE} seeds twice give equal trace hashes`, function () {
    this.timeout(BUDGET_MS);
    const hashes = new Set<string>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS_RUN_TWICE; seed++) {
      const first = simulate({ seed });
      const second = simulate({ seed });
      assert.equal(second.traceHash, first.traceHash, `seed ${seed}`);
      assert.equal(second.events, first.events, `seed ${seed}`);
      hashes.add(first.traceHash);
    }
    assert.equal(hashes.size, SEEDS_RUN_TWICE, 'other seeds are other runs');
  });

  it('are asked for rare kinds of trouble only where there are enough of them', () => {
    const [rare, common] = [RARE, COVERED.filter((kind) => !RARE.includes(kind))];
    assert.deepEqual(requiredOf(199), []);
    for (const seeds of [200, 250, 999]) assert.deepEqual(requiredOf(seeds), common, `${seeds} seeds`);
    assert.deepEqual(new Set(requiredOf(1000)), new Set([...common, ...rare]));
  });

  it('differ in size, limits and faults from seed to seed', () => {
    const profiles = Array.from({ length: 100 }, (_, seed) => drawProfile(seed));
    const distinct = (field: (index: number) => unknown): number =>
      new Set(profiles.map((_, index) => field(index))).size;
    assert.ok(distinct((index) => profiles[index]?.nodeCount) >= 5);
    assert.ok(distinct((index) => profiles[index]?.limits.windowSlots) >= 5);
    assert.ok(
      profiles.some(({ every }) => every.crashMs === 0) && profiles.some(({ every }) => every.crashMs > 0),
    );
    assert.ok(
      profiles.some(({ network }) => network.kind === 'stream') &&
        profiles.some(({ network }) => network.kind === 'datagram'),
    );
  });
});
