/** The set-up of a server: the node can do everything with it, others can read at most. */
import assert from 'node:assert/strict';
import { Databases, sql } from '@quorate/backend-postgres/testing';
import { initServer } from '#src/init.ts';
import { OneStore } from './one-store.ts';

describe('quorate postgres init', function () {
  this.timeout(60_000);
  let databases: Databases;
  before(async () => {
    databases = await Databases.start();
  });
  after(() => databases.stop());

  it('gives a role that applies, takes snapshots and restores them, twice over', async () => {
    const init = { adminUrl: databases.server.url, password: "it's/secret" };
    const [one, other] = [
      await initServer({ ...init, name: 'ledger' }),
      await initServer({ ...init, name: 'le dger' }),
    ];
    const [source, target] = [await OneStore.open(one.url), await OneStore.open(other.url)];
    await source.apply('CREATE TABLE t (id serial PRIMARY KEY, v int)', 'INSERT INTO t (v) VALUES (1), (2)');
    await target.restore(await source.snapshot());
    await target.restore(await source.snapshot());
    assert.equal(await target.backend.digest(), await source.backend.digest());
    await initServer({ ...init, name: 'ledger' });
    assert.deepEqual(await source.outcomes('UPDATE t SET v = 3 WHERE id = 1'), [1]);
    for (const store of [source, target]) await store.backend.close();
  });

  it('keeps superusers from changing rows and schema by mistake, and lets readers only read', async () => {
    const { url } = await initServer({ adminUrl: databases.server.url, name: 'kept', password: 'p' });
    const store = await OneStore.open(url);
    await store.apply('CREATE TABLE t (v int)', 'INSERT INTO t VALUES (1)');
    const inside = databases.server.url.replace(/postgres$/, 'kept');
    for (const text of [
      'DELETE FROM t',
      'CREATE TABLE other ()',
      'DROP TABLE t',
      'ALTER TABLE t DISABLE TRIGGER quorate_guard',
    ])
      await assert.rejects(sql(inside, text), /replicated by Quorate/, text);
    await sql(databases.server.url, 'CREATE ROLE person LOGIN; GRANT kept_reader TO person');
    const asPerson = inside.replace('postgres@', 'person@');
    assert.deepEqual(await sql(asPerson, 'SELECT v FROM t'), [{ v: 1 }]);
    await assert.rejects(sql(asPerson, 'DELETE FROM t'), /permission denied/);
    await sql(databases.server.url, 'CREATE ROLE stranger LOGIN');
    await assert.rejects(sql(inside.replace('postgres@', 'stranger@'), 'SELECT 1'), /permission denied/);
    assert.equal((await store.backend.health()).ok, true);
    await store.backend.close();
  });
});
