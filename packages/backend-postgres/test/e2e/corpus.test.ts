import assert from 'node:assert/strict';
import { loadGrammar } from '#src/sql/grammar.ts';
import type { Catalog, SqlCommand } from '#src/sql/index.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '#src/testing/temporary-postgres.ts';
import { CorpusDatabase, HISTORIES } from '../corpus/corpus-database.ts';
import { examineCase, isAsExpected } from '../corpus/examine-corpus.ts';
import { type Case, readCases } from '../corpus/read-corpus.ts';
import { tryRandom } from '../corpus/try-random.ts';

describe('the corpus of statements', function () {
  this.timeout(120_000);
  const cases = readCases();
  let server: TemporaryPostgres;
  let one: CorpusDatabase;
  let two: CorpusDatabase;
  let catalog: Catalog;

  before(async () => {
    await loadGrammar();
    server = await startTemporaryPostgres();
    one = await CorpusDatabase.create(server.url, HISTORIES[0]);
    two = await CorpusDatabase.create(server.url, HISTORIES[1]);
    catalog = await one.catalog();
  });

  after(async () => {
    await one?.session.close();
    await two?.session.close();
    await server?.stop();
  });

  it('has at least 200 statements', () => {
    assert.ok(cases.length >= 200, `${cases.length} statements`);
  });

  it('gets the expected verdict and reason for each', () => {
    const wrong = cases.flatMap((each) => {
      const examined = examineCase(each, catalog, Date.now());
      return isAsExpected(each, examined)
        ? []
        : [`${each.sql}\n  expected ${each.verdict} ${each.because}\n  got ${examined.explanation}`];
    });
    assert.deepEqual(wrong, []);
  });

  it('says in each refusal what to write instead', () => {
    const mute = cases.flatMap((each) => {
      const { verdict, explanation } = examineCase(each, catalog, Date.now());
      const isSyntax = explanation.includes('syntax error');
      return verdict === 'refused' && !isSyntax && !/; .{5,}/.test(explanation) ? [each.sql] : [];
    });
    assert.deepEqual(mute, []);
  });

  it('leads to the same rows and answers on two databases with other settings, plans and order on the disk', async () => {
    const wrong: string[] = [];
    for (const each of cases) {
      const { prepared } = examineCase(each, catalog, Date.now());
      if (prepared === undefined) continue;
      const [left, right] = [await one.tryOut(prepared), await two.tryOut(prepared)];
      const error = /^error (\w+)/.exec(left.outcome)?.[1];
      if (left.outcome !== right.outcome || left.state !== right.state)
        wrong.push(`replicas differ after ${each.sql}\n${left.outcome}\n${right.outcome}`);
      else if (error !== each.error) wrong.push(`${each.sql}\n${left.outcome}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('lets only such random writes pass as do the same on both databases', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const run = await tryRandom([one, two], catalog, { seed, count: 80 });
    const again = `npm run postgres:corpus -- --random 80 --seed ${seed}`;
    assert.deepEqual(run.differing, [], again);
    assert.ok(run.passed > 10 && run.refused > 10, `${JSON.stringify(run)}: ${again}`);
  });

  // The proof that the comparison above can fail: these are refused, and here is why.
  const differing: readonly string[] = [
    'insert into audit (what) select owner from accounts',
    'insert into notes (id, body) select id + 1000, owner from accounts limit 5',
    "insert into notes (id, body) select 1000, string_agg(owner, ',') from accounts",
    'update slots set place = place + 1',
    'update watched set v = v + 1',
    "insert into notes (id, due) values (1000, 'now')",
    'insert into notes (id, body) select 1000, max(weight)::text from weights',
    'insert into native_default (id) values (1)',
    'insert into native_chance (id) values (1)',
    'update accounts a set balance = d.amount from deltas d where d.account = a.id',
  ];
  for (const sql of differing)
    it(`would differ between replicas, and is refused: ${sql}`, async () => {
      const command: SqlCommand = { statements: [{ sql, params: [] }] };
      const [left, right] = [await one.tryOut(command), await two.tryOut(command)];
      assert.notDeepEqual(left, right);
      const asCase: Case = { sql, params: [], verdict: 'refused', because: '', error: undefined };
      assert.equal(examineCase(asCase, catalog, Date.now()).verdict, 'refused');
    });
});
