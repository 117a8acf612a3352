/** A failing seed becomes a short history that fails in the same way, and only where the bug is. */
import assert from 'node:assert/strict';
import { readHistory } from '#src/shrink/history-text.ts';
import { minimize } from '#src/shrink/minimize.ts';
import { play } from '#src/shrink/player.ts';
import { record } from '#src/shrink/record.ts';
import { shrinkMutant } from '#src/shrink/shrink-mutant.ts';
import { shrinkSeed } from '#src/shrink/shrink-seed.ts';

const never = (): boolean => false;
const silent = (): void => undefined;

describe('shrinking', () => {
  it('leaves out everything that a failure does not need, and nothing that may not go', () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const holds = (fewer: readonly number[]) =>
      fewer.includes(17) && fewer.includes(80) ? fewer : undefined;
    assert.deepEqual(
      minimize(items, () => true, holds, never),
      [17, 80],
    );
    assert.deepEqual(
      minimize(items, (item) => item > 3, holds, never),
      [0, 1, 2, 3, 17, 80],
    );
  });

  it('stops when time is up, with what it has', () => {
    let trials = 0;
    const fewer = minimize(
      Array.from({ length: 64 }, (_, index) => index),
      () => true,
      (list) => {
        trials += 1;
        return list.includes(63) ? list : undefined;
      },
      () => trials >= 3,
    );
    assert.ok(trials === 3 && fewer.includes(63) && fewer.length < 64);
  });

  it('plays what a healthy seed did, decision by decision, without a failure', () => {
    const { verdict, history } = record(4);
    assert.ok(verdict.ok);
    const played = play(history);
    assert.equal(played.sentence, undefined);
    assert.ok(played.deeds.length > history.deeds.length * 0.95, `${played.deeds.length} decisions`);
  });

  it('says that a seed does not fail', () => {
    const answer = shrinkSeed({ seed: 4, budgetSeconds: 1, say: silent });
    assert.deepEqual(answer, { why: 'seed 4 does not fail' });
  });

  it('reduces a planted bug to a transcript that a person can read, and that holds without the bug', async function () {
    this.timeout(60_000);
    const shrunk = await shrinkMutant({ id: 'ack-last-slot', budgetSeconds: 20, say: silent });
    assert.ok(!('why' in shrunk), 'why' in shrunk ? shrunk.why : '');
    assert.equal(shrunk.property, 'DURABLE-BEFORE-SEND');
    assert.ok(shrunk.recorded > 100, `${shrunk.recorded} decisions recorded`);
    assert.ok(shrunk.history.deeds.length <= 25, shrunk.text);
    const read = readHistory(shrunk.text);
    assert.deepEqual(read, shrunk.history);
    assert.equal(play(read).sentence, undefined, 'the bug is not in this copy');
  });

  it('names the line of a transcript that cannot be read', () => {
    assert.throws(
      () => readHistory('cluster 3 backend=forgets\n'),
      /^Error: line 1: windowSlots= is missing/,
    );
    assert.throws(() => readHistory('dance 1\n'), /^Error: line 1: no such decision: dance 1/);
    assert.throws(() => readHistory('tick 1\n'), /there is no line that begins with "cluster"/);
  });
});
