/** The PostgreSQL backend keeps every rule of the backend contract on a real server. */
import { conformance } from '@quorate/backend-postgres/conformance';
import { BACKEND_RULES, checkRule, type StartedSubject } from '@quorate/core/testing';

describe('backend conformance: postgres', function () {
  this.timeout(120_000);
  let subject: StartedSubject;
  before(async () => {
    subject = await conformance();
  });
  after(() => subject.stop?.());

  for (const rule of BACKEND_RULES) it(`${rule.name}: ${rule.claim}`, () => checkRule(rule, subject));
});
