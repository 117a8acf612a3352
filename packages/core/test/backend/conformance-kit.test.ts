/** The conformance kit finds what it is there to find: each broken backend fails by the name of the rule it breaks. */
import assert from 'node:assert/strict';
import {
  BACKEND_MUTANTS,
  BACKEND_RULES,
  type BackendSubject,
  checkBackend,
  checkMutant,
  durablePairs,
  volatilePairs,
} from '#src/testing/index.ts';

async function rulesBrokenBy(subject: BackendSubject): Promise<string[]> {
  const reports = await checkBackend(subject);
  return reports.filter((report) => report.broken !== undefined).map((report) => String(report.broken));
}

describe('backend conformance kit', () => {
  it('has nothing to say about a correct volatile backend', async () => {
    assert.deepEqual(await rulesBrokenBy(volatilePairs(() => ({}))), []);
  });

  it('has nothing to say about a correct durable backend', async () => {
    assert.deepEqual(await rulesBrokenBy(durablePairs()), []);
  });

  for (const mutant of BACKEND_MUTANTS) {
    it(`finds a backend that ${mutant.fault}: ${mutant.rule}`, async () => {
      const broken = await checkMutant(mutant);
      assert.equal(broken?.rule, mutant.rule);
    });
  }

  it('has a name of its own for every rule', () => {
    assert.equal(new Set(BACKEND_RULES.map((rule) => rule.name)).size, BACKEND_RULES.length);
  });
});
