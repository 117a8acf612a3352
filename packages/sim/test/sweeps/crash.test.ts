/**
 * A node dies before any effect it has on the world, with and without its unflushed writes: the golden run and a sample
 * of its effects. Virtual time only. A failure prints the line that plays the case again.
 */
import assert from 'node:assert/strict';
import type { CoverageKind } from '#src/coverage.ts';
import { CrashPart } from '#src/sweeps/crash/crash-part.ts';
import { readScore, type Score } from '#src/sweeps/golden/score.ts';
import { replayLine, runPart, sample } from '#src/sweeps/run-part.ts';

const SEED = 20_260_302;
const SAMPLES = 500;
const LOWEST_EFFECTS = 2000;
const BUDGET_MS = 120_000;

describe('sweep: crash at every effect', () => {
  let score: Score;

  before(function () {
    this.timeout(BUDGET_MS);
    score = readScore();
  });

  it('has a golden run of enough effects, which is the same every time', function () {
    this.timeout(BUDGET_MS);
    assert.ok(score.effects.length >= LOWEST_EFFECTS, `${score.effects.length} effects`);
    assert.deepEqual(readScore().effects, score.effects);
  });

  it('has a golden run in which everything happens that a crash may fall into', () => {
    const wanted: readonly CoverageKind[] = [
      'election-won',
      'deposed-leader',
      'transfer',
      'recovered-value',
      'refused-window',
      'catch-up-served',
      'catch-up-learned',
      'promise-paged',
      'accept-resent',
      'read-local',
      'read-remote',
      'nack',
    ];
    assert.deepEqual(score.coverage.missing(wanted), []);
    for (const kind of ['write', 'flush', 'read', 'send', 'deliver', 'apply'])
      assert.ok(
        score.effects.some((effect) => effect.kind === kind),
        kind,
      );
  });

  it('comes back from a death before any of a sample of the effects', async function () {
    this.timeout(BUDGET_MS);
    const part = new CrashPart(score);
    const indices = sample(part.size, SAMPLES, SEED);
    const { failures, played } = await runPart(part, { indices, count: indices.length, maxFailures: 5 });
    assert.deepEqual(
      failures.map(({ name, complaint }) => `${complaint}\n  replay: ${replayLine(part, name)}`),
      [],
    );
    assert.equal(played, SAMPLES);
  });

  it('finds a case by its name, and nothing by any other', async () => {
    const part = new CrashPart(score);
    for (const index of [0, 1, part.size - 1])
      assert.equal(part.find(part.nameOf(index))?.name, part.nameOf(index));
    for (const name of ['', '0-lost', '5', '5-half', '5-lost-then-', '1-lost-then-2-lost-then-3-lost'])
      assert.equal(part.find(name), undefined, name);
    assert.match((await part.find('999999-lost')?.play()) ?? '', /nobody died/);
  });
});
