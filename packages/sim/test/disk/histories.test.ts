/**
 * Random histories of the production journal on a simulated disk: crashes between any two events, failing, full, lying
 * and rotting disks. What was acknowledged is there, or the journal refuses; never is there another answer.
 */
import assert from 'node:assert/strict';
import { replayLine, runPart } from '#src/sweeps/run-part.ts';
import { NAME_CALLS } from '#src/world/disk/index.ts';
import { DiskPart } from './disk-part.ts';
import { playHistory } from './history.ts';

const HISTORIES = 600;
const BUDGET_MS = 60_000;

describe('sweep: a journal on a simulated disk', () => {
  it(`keeps what it acknowledged or refuses, in ${HISTORIES} histories`, async function () {
    this.timeout(BUDGET_MS);
    const part = new DiskPart();
    const { failures } = await runPart(part, {
      indices: Array(HISTORIES).keys(),
      count: HISTORIES,
      maxFailures: 5,
    });
    assert.deepEqual(
      failures.map(({ name, complaint }) => `${complaint}\n  replay: ${replayLine(part, name)}`),
      [],
    );
    const seen = part.figures().map(([what]) => what);
    for (const wanted of [
      'crashes: whole',
      'errors: whole',
      'full: whole',
      'lies: refused with JOURNAL_CORRUPT',
      'older: older copy, whole in itself',
      'older: wiped, known by its storage id',
      'rot: refused with JOURNAL_CORRUPT',
      'rot: whole',
      'tail: refused with JOURNAL_CORRUPT',
      'tail: whole',
      ...NAME_CALLS.map((call) => `refused: ${call}`),
    ])
      assert.ok(seen.includes(wanted), `${wanted}: not among ${seen.join('; ')}`);
  });

  it('plays a case twice in the same way', () => {
    for (const seed of [1, 2, 3]) assert.deepEqual(playHistory('rot', seed), playHistory('rot', seed));
  });
});
