/**
 * The real protocol holds in every scope, searched as far as the bounds for test runs go: at least a million states, and
 * every situation that makes a search worth anything was met.
 */
import assert from 'node:assert/strict';
import * as protocol from '@quorate/core/protocol';
import { modelCheck, type Report } from '#src/modelcheck/model-check.ts';
import { PLANS } from '#src/modelcheck/scopes.ts';

const WANTED_STATES = 1_000_000;

describe('the protocol holds in every state of', function () {
  this.timeout(180_000);
  const reports: Report[] = [];

  for (const { scope, about, quickStates } of PLANS.filter((plan) => plan.quickStates > 0)) {
    it(`${scope.name}: ${about}`, () => {
      const report = modelCheck(protocol, scope, { maxStates: quickStates });
      reports.push(report);
      assert.equal(report.finding?.transcript, undefined);
      assert.deepEqual(report.missed, [], 'the search never got there');
    });
  }

  it(`at least ${WANTED_STATES} states`, () => {
    const states = reports.reduce((sum, report) => sum + report.states, 0);
    assert.ok(states >= WANTED_STATES, `only ${states}`);
  });
});
