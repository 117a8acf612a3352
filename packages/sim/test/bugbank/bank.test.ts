/** A verdict of the bank means something: accidents are not finds, and a mutant that fits no more is not a mutant. */
import assert from 'node:assert/strict';
import { tryMutant } from '#src/bugbank/bank.ts';
import type { Hunt, Mutant } from '#src/bugbank/mutant.ts';
import { sanityHunts } from '#src/bugbank/sanity.ts';

const PROMISE = 'state.promised = ballot;';

function planted(find: string, replace: string, hunt: Hunt): Mutant {
  return {
    id: 'planted',
    wrong: '',
    seen: '',
    patches: [{ file: 'core/protocol/role.ts', find, replace }],
    hunt,
  };
}

const simulator: Hunt = { tool: 'simulator', seeds: 2 };
const transcripts: Hunt = {
  tool: 'tests',
  name: 'transcripts',
  workspace: 'core',
  files: ['traces/traces.test.js'],
  only: 'duel',
};

describe('the bank', function () {
  this.timeout(60_000); // Each starts a process.

  it('finds a mutant with the simulator, and names the property and the seed', async () => {
    const finding = await tryMutant(planted(PROMISE, '', simulator));
    assert.ok(finding.kind === 'found', JSON.stringify(finding));
    assert.equal(finding.effort, `seed ${finding.work}`);
    assert.ok(finding.sentence.includes(finding.rule));
  });

  it('finds a mutant with tests, and names the test', async () => {
    const finding = await tryMutant(planted(PROMISE, '', transcripts));
    assert.ok(finding.kind === 'found', JSON.stringify(finding));
    assert.equal(finding.rule, 'transcripts duel');
  });

  it('says so when the product does nothing wrong', async () => {
    for (const hunt of [simulator, transcripts]) {
      const finding = await tryMutant(planted(PROMISE, `${PROMISE} // As before.`, hunt));
      assert.equal(finding.kind, 'missed', JSON.stringify(finding));
    }
  });

  it('takes no accident for a find', async () => {
    for (const hunt of [simulator, transcripts]) {
      const finding = await tryMutant(planted(PROMISE, 'undefined.promised = ballot;', hunt));
      assert.ok(
        finding.kind === 'broken' && /Cannot set properties of undefined/.test(finding.why),
        JSON.stringify(finding),
      );
    }
  });

  it('refuses a mutant that fits no more', async () => {
    const finding = await tryMutant(planted('nothing of the kind', '', simulator));
    assert.ok(finding.kind === 'broken' && /matches 0 times/.test(finding.why), JSON.stringify(finding));
  });

  it('gives the product as it is all the work that found something', () => {
    const found = (work: number) =>
      ({ kind: 'found', rule: '', sentence: '', work, effort: '', seconds: 0 }) as const;
    const hunts = sanityHunts([
      { hunt: { tool: 'simulator', seeds: 1000 }, finding: found(3) },
      { hunt: { tool: 'simulator', seeds: 1000 }, finding: found(17) },
      { hunt: { ...transcripts, only: 'one' }, finding: found(1) },
      { hunt: { ...transcripts, files: ['traces/other.test.js'] }, finding: found(1) },
    ]);
    assert.deepEqual(hunts, [
      { tool: 'simulator', seeds: 17 },
      {
        tool: 'tests',
        name: 'tests of core',
        workspace: 'core',
        files: ['traces/other.test.js', 'traces/traces.test.js'],
      },
    ]);
  });
});
