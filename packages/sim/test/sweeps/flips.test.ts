/**
 * Rotten bits in the files of real journals: 2,000 of them, in databases, write-ahead logs, segments and side files.
 * What is not refused must be exactly what was acknowledged. A failure prints the line that plays the case again.
 */
import assert from 'node:assert/strict';
import { replayLine, runPart, sample } from '#src/sweeps/run-part.ts';
import { FlipPart } from './flips/flip-part.ts';
import { contentAfter, scriptOf } from './flips/journal-script.ts';

const SEED = 20_260_303;
const SAMPLES = 2000;
const BUDGET_MS = 180_000;

describe('sweep: flipped bits in a journal', () => {
  let part: FlipPart;

  before(async function () {
    this.timeout(BUDGET_MS);
    part = await FlipPart.create();
  });
  after(() => part.close());

  it('has a journal with everything in it that may rot', () => {
    const { entries, versions, learnedSlot } = contentAfter(scriptOf(5));
    const held = [...entries.values()];
    const unlearned = held.filter(({ slot }) => slot > learnedSlot);
    assert.ok(learnedSlot > 30 && unlearned.length > 3, `${learnedSlot} learned, ${unlearned.length} not`);
    assert.ok(held.some(({ chosen }) => chosen) && held.some(({ value }) => value.kind === 'noop'));
    assert.ok(versions.length > held.length, 'entries that were replaced');
    assert.ok(
      held.some(({ value }) => value.kind === 'batch' && value.bytes.length > 8192),
      'a value that fills a page',
    );
  });

  it('gives a whole journal back when nothing is flipped', async () => {
    // A flip in the file that names the owner of a killed journal decides nothing.
    assert.equal(await part.find('killed/owner/0.0')?.play(), undefined);
    assert.deepEqual(part.figures(), [['killed owner: nothing changed', '1']]);
  });

  it('refuses, or is not hurt by, any of a sample of flips', async function () {
    this.timeout(BUDGET_MS);
    const indices = sample(part.size, SAMPLES, SEED);
    const { failures, played } = await runPart(part, { indices, count: indices.length, maxFailures: 5 });
    assert.deepEqual(
      failures.map(({ name, complaint }) => `${complaint}\n  replay: ${replayLine(part, name)}`),
      [],
    );
    assert.equal(played, SAMPLES);
    const seen = part.figures().map(([what]) => what);
    for (const wanted of [
      'killed journal.db-wal: refused when opened with JOURNAL_CORRUPT',
      'stopped journal.db: refused when opened with JOURNAL_CORRUPT',
      'stopped journal.db: refused when read with JOURNAL_CORRUPT',
      'stopped witness: nothing changed',
      'resting segment-0000000002: refused when read with JOURNAL_CORRUPT',
      'segments peers: nothing changed',
    ]) {
      assert.ok(seen.includes(wanted), `${wanted}: not among ${seen.join('; ')}`);
    }
  });

  it('finds a case by its name, and nothing by any other', () => {
    for (const index of [0, 17, part.size - 1])
      assert.equal(part.find(part.nameOf(index))?.name, part.nameOf(index));
    for (const name of [
      '',
      'stopped/journal.db/0.8',
      'stopped/journal.db/99999999.0',
      'stopped/other/0.0',
      'running/journal.db/0.0',
    ])
      assert.equal(part.find(name), undefined, name);
  });
});
