/**
 * Production engines, frames, sessions, backends and clients in one virtual world: a range of seeds passes with every
 * checker on, and each seed gives the same run whenever it runs.
 */
import assert from 'node:assert/strict';
import { CoverageCounts } from '#src/coverage.ts';
import { EngineCoverage } from '#src/engine/coverage.ts';
import { ENGINE_REQUIRED } from '#src/engine/run-engine-seeds.ts';
import { simulateEngine } from '#src/engine/simulate-engine.ts';

const FIRST_SEED = 1;
const SEEDS = 40;
const SEEDS_RUN_TWICE = 20;
const BUDGET_MS = 180_000;

describe('simulated clusters of production engines', () => {
  it(`keep every property over ${SEEDS} seeds of chaos and healing`, async function () {
    this.timeout(BUDGET_MS);
    const coverage = new CoverageCounts();
    const engineCoverage = new EngineCoverage();
    let requests = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const verdict = await simulateEngine({ seed });
      assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.sentence}\n${verdict.replay}`);
      coverage.add(verdict.coverage);
      engineCoverage.add(verdict.engineCoverage);
      requests += verdict.requests;
    }
    const missing = [...coverage.missing(ENGINE_REQUIRED), ...engineCoverage.missing()];
    assert.deepEqual(missing, [], 'what these seeds never went through proves nothing');
    assert.ok(requests > SEEDS * 50, `${requests} requests came to an end`);
  });

  it(`are reproducible: ${SEEDS_RUN_TWICE} seeds twice give equal trace hashes`, async function () {
    this.timeout(BUDGET_MS);
    const hashes = new Set<string>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS_RUN_TWICE; seed++) {
      const first = await simulateEngine({ seed, historyShare: 0 });
      const second = await simulateEngine({ seed, historyShare: 0 });
      assert.equal(second.traceHash, first.traceHash, `seed ${seed}`);
      assert.equal(second.events, first.events, `seed ${seed}`);
      hashes.add(first.traceHash);
    }
    assert.equal(hashes.size, SEEDS_RUN_TWICE, 'other seeds are other runs');
  });
});
