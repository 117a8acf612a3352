/**
 * The rules of the backend contract on the embedded PostgreSQL. Making a database takes it seconds, so only a few rules
 * run with all other tests; `npm run postgres:embedded` runs all that apply.
 */
import { createBackend } from '@quorate/backend-postgres';
import { POSTGRES_SAMPLES } from '@quorate/backend-postgres/conformance';
import { BACKEND_RULES, type BackendSubject, checkRule } from '@quorate/core/testing';

/** It takes no snapshots, and nothing of it outlives the process. */
const DO_NOT_APPLY =
  /SNAPSHOT|RESTORE|RECORDS-KEPT|DIGEST-IGNORES-HISTORY|REOPEN|CRASH|TROUBLE|ZOMBIE|KILL-ANY-TIME/;
const ALWAYS = /APPLY-DETERMINISTIC|MARK-GUARDED|READS-ONLY-READ/;
const wanted = process.env['EMBEDDED_RULES'] === 'all' ? /./ : ALWAYS;

const SUBJECT: BackendSubject = {
  name: 'postgres, embedded',
  create: () => createBackend({ embedded: true }),
  ...POSTGRES_SAMPLES,
};

describe('backend conformance: postgres, embedded', function () {
  this.timeout(120_000);

  for (const rule of BACKEND_RULES.filter(({ name }) => wanted.test(name) && !DO_NOT_APPLY.test(name)))
    it(`${rule.name}: ${rule.claim}`, () => checkRule(rule, SUBJECT));
});
