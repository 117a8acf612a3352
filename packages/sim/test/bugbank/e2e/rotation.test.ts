/** Eight mutants of the bank, others every day, each found by its tool; and the product as it is, by none of them. */
import assert from 'node:assert/strict';
import { tryMutant } from '#src/bugbank/bank.ts';
import { CATALOGUE } from '#src/bugbank/catalogue/index.ts';
import { dayOf, rotationOf } from '#src/bugbank/rotation.ts';
import { sanityHunts, type Trial, trySanity } from '#src/bugbank/sanity.ts';
import { rowLine, sanityLine } from '#src/bugbank/table.ts';

const day = dayOf(Date.now(), process.env['BUGBANK_DAY']);
const mutants = rotationOf(day, CATALOGUE);

describe(`bug bank, day ${day}: npm run bugbank -- --only ${mutants.map(({ id }) => id).join(',')}`, function () {
  this.timeout(300_000); // A hunt is bounded by its work; this is for a machine that is busy with other things.
  const trials: Trial[] = [];

  for (const mutant of mutants) {
    it(`finds ${mutant.id}`, async () => {
      const finding = await tryMutant(mutant);
      trials.push({ hunt: mutant.hunt, finding });
      assert.equal(finding.kind, 'found', rowLine({ id: mutant.id, hunt: mutant.hunt, finding }));
    });
  }

  it('finds nothing in the product as it is', async () => {
    const hunts = sanityHunts(trials);
    const findings = await trySanity(hunts);
    for (const [index, finding] of findings.entries()) {
      const hunt = hunts[index];
      assert.ok(hunt !== undefined && finding.kind === 'missed', hunt && sanityLine(hunt, finding));
    }
  });
});
