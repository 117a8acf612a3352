/**
 * The model checker finds every classic mistake that is planted into a copy of the protocol, names a property that says
 * what is wrong, and gives a transcript that shows it again when it is played without the machinery of the search.
 */
import assert from 'node:assert/strict';
import { findingOf, modelCheck } from '#src/modelcheck/model-check.ts';
import type { Protocol } from '#src/modelcheck/protocol.ts';
import { replay } from '#src/modelcheck/replay.ts';
import { Search } from '#src/modelcheck/search.ts';
import { buildMutant, type Mutant } from '#src/mutants/patch.ts';
import { MISTAKES, type PlantedMistake } from './mutants.ts';

const MAX_STATES = 2_000_000;

describe('a mistake in the protocol is found', function () {
  this.timeout(300_000); // Bounded by their work; this is for a machine that is busy with other things.
  const mutants: Mutant[] = [];
  after(() => {
    for (const mutant of mutants) mutant.remove();
  });
  const load = async ({ patches }: PlantedMistake): Promise<Protocol> => {
    const mutant = buildMutant(patches);
    mutants.push(mutant);
    return (await import(mutant.urlOf('core/protocol/index.ts'))) as Protocol;
  };

  for (const mistake of MISTAKES) {
    const { name, scope, noticedBy } = mistake;
    it(name, async () => {
      const protocol = await load(mistake);
      const search = new Search(protocol, scope, { maxStates: MAX_STATES });
      const found = search.run();
      assert.ok(found !== undefined, `not found in ${search.totals.states} states`);
      const finding = findingOf(search, found);
      assert.ok(noticedBy.includes(finding.property), `${finding.property}: ${finding.detail}`);
      assert.ok(
        finding.transcript.trimEnd().endsWith(`# ${finding.property}: ${finding.detail}`),
        finding.transcript,
      );
      assert.deepEqual(replay(search.setting, found), found.violation, 'the whole way shows it too');
    });

    if (mistake.breaksAgreement !== true) continue;
    it(`${name}: down to two chosen values`, async () => {
      const options = { maxStates: MAX_STATES, noticed: ['AGREEMENT'] };
      const { finding, states } = modelCheck(await load(mistake), scope, options);
      assert.equal(finding?.property, 'AGREEMENT', `not found in ${states} states`);
    });
  }
});
