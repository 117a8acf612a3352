/** Every mutant can be planted into the code as it is now, and says what it is; days take turns without leaving one out. */
import assert from 'node:assert/strict';
import { CATALOGUE } from '#src/bugbank/catalogue/index.ts';
import { MAX_CASES, MAX_ENGINE_SEEDS, MAX_SEEDS, MAX_STATES, type Mutant } from '#src/bugbank/mutant.ts';
import { dayOf, ROTATION_SIZE, rotationOf } from '#src/bugbank/rotation.ts';
import { checkPatches } from '#src/mutants/patch.ts';

const LEAST_MUTANTS = 40;

describe('the catalogue of mutants', () => {
  it(`has at least ${LEAST_MUTANTS}, each with a name of its own`, () => {
    assert.ok(CATALOGUE.length >= LEAST_MUTANTS, `${CATALOGUE.length} mutants`);
    assert.equal(new Set(CATALOGUE.map(({ id }) => id)).size, CATALOGUE.length);
    for (const { id } of CATALOGUE) assert.match(id, /^[a-z]+(?:-[a-z]+)*$/);
  });

  it('says in a sentence what is wrong, and where something like it was seen', () => {
    for (const { id, wrong, seen } of CATALOGUE) {
      assert.match(wrong, /^[A-Z].{20,}\.$/, id);
      assert.ok(seen.length > 10, id);
    }
  });

  it('changes something, and gives no hunt more work than the bound', () => {
    for (const { id, patches, hunt } of CATALOGUE) {
      assert.ok(patches.length > 0 && patches.every(({ find, replace }) => find !== replace), id);
      if (hunt.tool === 'simulator') assert.ok(hunt.seeds <= MAX_SEEDS, id);
      if (hunt.tool === 'engine simulator') assert.ok(hunt.seeds <= MAX_ENGINE_SEEDS, id);
      if (hunt.tool === 'model checker') assert.ok(hunt.states <= MAX_STATES, id);
      if (hunt.tool === 'graph sweep') assert.ok(hunt.cases <= MAX_CASES, id);
    }
  });

  it('fits the code as it is', () => {
    const misfits: string[] = [];
    for (const { id, patches } of CATALOGUE) {
      try {
        checkPatches(patches);
      } catch (error) {
        misfits.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    assert.deepEqual(misfits, []);
  });
});

describe('the rotation', () => {
  const mutants = Array.from({ length: 61 }, (_, index) => ({ id: `mutant-${index}` }) as Mutant);

  it('tries every mutant within as many days as there are groups', () => {
    const days = Math.ceil(mutants.length / ROTATION_SIZE);
    const tried = Array.from({ length: days }, (_, index) => rotationOf(20_000 + index, mutants)).flat();
    assert.deepEqual(tried.map(({ id }) => id).sort(), mutants.map(({ id }) => id).sort());
  });

  it('tries at most eight on a day, and the same ones all day', () => {
    for (let day = 0; day < 20; day++) {
      const today = rotationOf(day, mutants);
      assert.ok(today.length <= ROTATION_SIZE && today.length > 0);
      assert.deepEqual(rotationOf(day, mutants), today);
    }
  });

  it('takes the day from the clock or from the environment', () => {
    assert.equal(dayOf(86_400_000 * 3 + 5, undefined), 3);
    assert.equal(dayOf(0, '17'), 17);
    assert.throws(() => dayOf(0, 'tomorrow'), RangeError);
  });
});
