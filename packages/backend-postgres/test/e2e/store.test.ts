/** What the store does with commands that fail, with sequences, strangers and servers that are killed. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Databases, sql } from '@quorate/backend-postgres/testing';
import { BackendDiverged, BackendRewound, BackendUnavailable } from '@quorate/core/ports';
import { readSqlResult } from '#src/result.ts';
import { SQL } from '#src/sql/index.ts';
import { HoldingProxy } from './holding-proxy.ts';
import { commandOf, OneStore } from './one-store.ts';

import { PLAIN_SQL } from './plain-sql.ts';

const TABLE = 'CREATE TABLE t (id serial PRIMARY KEY, k text UNIQUE, v int)';
const insert = (key: string): string => `INSERT INTO t (k, v) VALUES ('${key}', 1) RETURNING id`;

describe('PostgreSQL store', function () {
  this.timeout(60_000);
  let databases: Databases;
  const stores: OneStore[] = [];
  const proxies: HoldingProxy[] = [];
  const fresh = async (
    options?: Readonly<Record<string, unknown>>,
  ): Promise<{ url: string; store: OneStore }> => {
    const url = await databases.create();
    const store = await OneStore.open(url, options);
    stores.push(store);
    return { url, store };
  };
  before(async () => {
    databases = await Databases.start({
      fsync: true,
      settings: { wal_writer_delay: '10s', recovery_init_sync_method: 'syncfs' },
    });
  });
  after(async () => {
    for (const { backend } of stores) await backend.close();
    for (const proxy of proxies) await proxy.stop();
    await databases.stop();
  });

  it('gives every command of a batch its own answer, and keeps nothing of those that failed', async () => {
    const { store } = await fresh();
    await store.apply(TABLE);
    const outcomes = await store.outcomes(
      insert('a'),
      insert('a'),
      "UPDATE t SET v = 7 WHERE k = 'a'; INSERT INTO t (k) VALUES ('a')",
      'SELECT nothing FROM nowhere',
      insert('b'),
      'UPDATE t SET v = 1/0',
    );
    assert.deepEqual(outcomes, [[['1']], '23505', '23505', '42P01', [['4']], '22012']);
    assert.deepEqual(await store.read('SELECT k, v FROM t ORDER BY k'), [
      ['a', '1'],
      ['b', '1'],
    ]);
  });

  it('takes what a function raises for an answer, also with a state of trouble or one of its own', async () => {
    const { store } = await fresh();
    const states = ['40001', '53100', '57014', 'XX001', 'QQ001'];
    const raise = (state: string): string =>
      `CREATE FUNCTION raise_${state}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$`;
    // One function each: the stand-in for the language splits at semicolons, so they are given whole.
    for (const state of states)
      await store.apply({ statements: [{ sql: raise(state), params: [] }], isDdl: true });
    await store.apply('CREATE TABLE n (n int)');
    const inserts = states.map((state) => `INSERT INTO n SELECT raise_${state}()`);
    assert.deepEqual(await store.outcomes(...inserts, 'INSERT INTO n VALUES (1)'), [...states, 1]);
    for (const state of states) assert.equal(await store.read(`SELECT raise_${state}()`), state);
    assert.equal(await store.read("SELECT array_in('{1}', 99999, -1)"), 'XX000');
  });

  it('counts rows without columns and keeps none, and counts the names of columns as part of an answer', async () => {
    const { store } = await fresh({ readTimeoutMs: 60_000 });
    const result = await store.backend.query(commandOf('SELECT FROM generate_series(1, 100000)'));
    assert.deepEqual(readSqlResult(result.ok ? (result.value ?? new Uint8Array(0)) : new Uint8Array(0)), [
      { command: 'SELECT', rowCount: 100_000 },
    ]);
    const columns = Array.from({ length: 1600 }, (_, index) => `${'c'.repeat(55)}${index} int`);
    await store.apply(`CREATE TABLE wide (${columns.join()})`);
    assert.equal(
      await store.read(Array.from({ length: 50 }, () => 'SELECT * FROM wide').join('; ')),
      'RESULT_TOO_LARGE',
    );
  });

  it('gives more commands than one window their answers when every third fails', async () => {
    const { store } = await fresh();
    await store.apply('CREATE TABLE n (n int PRIMARY KEY)');
    const texts = Array.from(
      { length: 200 },
      (_, index) => `INSERT INTO n VALUES (${index - (index % 3 === 2 ? 1 : 0)})`,
    );
    const outcomes = await store.outcomes(...texts);
    assert.deepEqual(
      outcomes,
      texts.map((_, index) => (index % 3 === 2 ? '23505' : 1)),
    );
  });

  it('counts on with sequences as if no attempt had failed, also after the server was killed', async () => {
    const { store } = await fresh();
    await store.apply(TABLE);
    assert.deepEqual(await store.outcomes(insert('a'), insert('b')), [[['1']], [['2']]]);
    // The first attempt draws a 3 and is rolled back; the second one draws it again.
    assert.deepEqual(await store.outcomes(insert('c'), 'UPDATE t SET v = 1/0'), [[['3']], '22012']);
    await store.backend.flush();
    await databases.server.kill();
    await databases.server.restart();
    await databases.connect();
    assert.deepEqual(await store.outcomes(insert('d')), [[['4']]]);
  });

  it('says that it was rewound when a killed server lost what was not flushed, and goes on from there', async () => {
    const [{ store }, { store: twin }] = [await fresh(), await fresh()];
    const history = [[TABLE], [insert('a')], [insert('b'), insert('b')], [insert('c')], [insert('d')]];
    for (const texts of history.slice(0, 2)) await store.apply(...texts);
    assert.equal(await store.backend.flush(), 2, 'the durable slot');
    for (const texts of history.slice(2)) await store.apply(...texts);
    const next = store.batch([insert('e')]);
    await databases.server.kill();
    await databases.server.restart();
    await databases.connect();
    const count = { statements: [{ sql: 'SELECT count(*) FROM t', params: [] }] };
    await assert.rejects(() => store.backend.query(count), BackendRewound, 'a read of what was lost');
    await assert.rejects(async () => store.backend.apply(next), BackendRewound);
    const image = await store.reopen();
    assert.ok(Number(image.mark?.slot) >= 2, 'what was flushed is there');
    assert.ok(Number(image.mark?.slot) < 5, 'the test wants a server that lost something');
    for (const texts of history.slice(store.mark.slot)) await store.apply(...texts);
    for (const texts of history) await twin.apply(...texts);
    assert.equal(await store.backend.digest(), await twin.backend.digest());
  });

  it('waits for a server that is away, and applies the slot when it is back', async () => {
    const { store } = await fresh();
    await store.apply(TABLE);
    await store.backend.flush();
    const batch = store.batch([insert('a')]);
    await databases.server.kill();
    await assert.rejects(async () => store.backend.apply(batch), BackendUnavailable);
    await assert.rejects(
      () => store.backend.query({ statements: [{ sql: 'SELECT 1', params: [] }] }),
      BackendUnavailable,
    );
    assert.equal((await store.backend.health()).ok, false);
    await databases.server.restart();
    await databases.connect();
    await store.backend.apply(batch);
    assert.equal((await store.backend.health()).ok, true);
  });

  it('gives a server up that falls silent while it is asked for the catalog, and asks again', async () => {
    const proxy = await HoldingProxy.start(await databases.create());
    proxies.push(proxy);
    const store = await OneStore.open(proxy.url, { readTimeoutMs: 200, connectTimeoutMs: 2000 });
    stores.push(store);
    await store.apply(TABLE);
    const command = commandOf('INSERT INTO t (k) VALUES (1)');
    const context = { nowMs: 1, random: (count: number) => new Uint8Array(count) };
    await store.backend.prepare(command, context);
    proxy.hold('catalog_epoch FROM quorate.mark');
    await store.apply({ statements: [{ sql: 'CREATE TABLE u (n int)', params: [] }], isDdl: true });
    await assert.rejects(Promise.resolve(store.backend.prepare(command, context)), (error: Error) => {
      assert.ok(error instanceof BackendUnavailable);
      assert.match(error.message, /^cannot read the catalog: the server has not answered for 2200 ms$/);
      return true;
    });
    proxy.letGo();
    await store.backend.prepare(command, context);
  });

  for (const [what, change] of [
    ['empty', 'DROP SCHEMA quorate CASCADE'],
    ['older', 'UPDATE quorate.mark SET slot = slot - 1, catalog_epoch = catalog_epoch - 1'],
  ] as const)
    it(`says that it was rewound when a server that is asked for the catalog came back ${what}`, async () => {
      const url = await databases.create();
      const proxy = await HoldingProxy.start(url);
      proxies.push(proxy);
      const store = await OneStore.open(proxy.url, { readTimeoutMs: 200, connectTimeoutMs: 2000 });
      stores.push(store);
      const command = commandOf('INSERT INTO t (k) VALUES (1)');
      const context = { nowMs: 1, random: (count: number) => new Uint8Array(count) };
      const prepare = async (): Promise<unknown> => store.backend.prepare(command, context);
      // The schema of now is not known yet when the server changes.
      proxy.hold('catalog_epoch FROM quorate.mark');
      await store.apply({ statements: [{ sql: TABLE, params: [] }], isDdl: true });
      await assert.rejects(prepare, BackendUnavailable);
      proxy.letGo();
      await sql(url, change);
      await assert.rejects(prepare, BackendRewound);
    });

  it('names a command that no server can carry out, and leaves it out when the operators say so', async () => {
    const { url, store } = await fresh();
    const name = new URL(url).pathname.slice(1);
    await store.apply('CREATE TABLE n (n int)');
    await sql(url, `ALTER DATABASE ${name} SET temp_file_limit = '64kB'`);
    const open = async (refuse?: string): Promise<OneStore> => {
      const again = new OneStore(url, refuse === undefined ? {} : { refuse });
      stores.push(again);
      await again.reopen();
      return again;
    };
    const slot = [
      'INSERT INTO n VALUES (1)',
      'INSERT INTO n SELECT i FROM generate_series(1, 1000000) i ORDER BY i DESC',
      'SELECT 1/0',
      'INSERT INTO n VALUES (2)',
    ];
    await store.backend.close();
    const stuck = await open();
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects(stuck.apply(...slot), (error: Error) => {
        assert.ok(error instanceof BackendUnavailable);
        assert.match(
          error.message,
          /^command 2\/1 \(INSERT INTO n SELECT .*\): .*SQLSTATE 53400.*no server can/,
        );
        return true;
      });
    await stuck.backend.close();

    const freed = await open('2/1 3/0');
    assert.deepEqual(await freed.outcomes(...slot), [1, 'REFUSED_BY_OPERATORS', '22012', 1]);
    assert.deepEqual(await freed.outcomes('INSERT INTO n VALUES (3)', 'INSERT INTO n VALUES (4)'), [
      'REFUSED_BY_OPERATORS',
      1,
    ]);
    assert.equal(freed.backend.compatibility()['refused commands'], '2/1 3/0');
    const snapshot = await freed.snapshot();
    await freed.backend.close();
    assert.deepEqual(await (await open('2/1 3/0')).read('SELECT n FROM n ORDER BY n'), [['1'], ['2'], ['4']]);
    for (const { backend } of stores) await backend.close();
    await assert.rejects(open('2/1'), /command 3\/0 was left out here .* must go on to do so/);
    await assert.rejects(
      open('2/0 2/1 3/0'),
      (error) => error instanceof BackendDiverged && /executed command 2\/0/.test(error.message),
    );
    const other = new OneStore(await databases.create(), { refuse: '2/1 3/0' });
    stores.push(other);
    await other.reopen();
    await other.restore(snapshot);
    assert.equal((await other.reopen()).mark?.slot, 3);
  });

  it('asks for the signal once, however often it is opened', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
    process.on('warning', onWarning);
    const { backend } = new OneStore('postgres://nobody@127.0.0.1:1/nothing');
    const { signal } = new AbortController();
    const context = { clusterId: 'test', group: 0, node: 1, directory: '/tmp', signal, options: {} };
    for (let time = 0; time < 12; time++) await assert.rejects(backend.open(context), BackendUnavailable);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  it('cuts a message between two characters', async () => {
    const { store } = await fresh();
    const raise = `CREATE FUNCTION shout() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', 'a' || repeat('\u{1F600}', 2000); END $$`;
    await store.apply({ statements: [{ sql: raise, params: [] }], isDdl: true });
    const [result] = await store.apply('SELECT shout()');
    assert.ok(result?.ok === false);
    assert.equal(result.message, `a${'\u{1F600}'.repeat(999)}`);
  });

  it('keeps strangers from writing, and says what to do', async () => {
    const { url, store } = await fresh();
    await store.apply(TABLE, insert('a'));
    for (const text of [
      'UPDATE t SET v = 2',
      'TRUNCATE t',
      'SET session_replication_role = replica; DELETE FROM t',
    ])
      await assert.rejects(sql(url, text), /replicated by Quorate/);
    assert.deepEqual(await sql(url, 'SELECT v FROM t'), [{ v: 1 }]);
  });

  it('notices a table that a stranger made or took the guard from, in health and at the next start', async () => {
    const { url, store } = await fresh();
    await store.apply(TABLE);
    await sql(url, 'CREATE TABLE foreign_table ()');
    assert.match((await store.backend.health()).detail, /foreign_table/);
    await store.backend.close();
    await assert.rejects(OneStore.open(url), BackendDiverged);
  });

  it('refuses a database that holds something and no mark', async () => {
    const url = await databases.create();
    await sql(url, 'CREATE TABLE old ()');
    await assert.rejects(OneStore.open(url), /empty database/);
  });

  it('has rights and files of extensions among its facts, so that servers that differ in them do not meet', async () => {
    const { url, store } = await fresh();
    const { backend } = store;
    assert.match(backend.compatibility()['extensions that can be created'] ?? '', /plpgsql \d/);
    assert.equal(backend.compatibility()['rights of the user'], 'superuser');
    await backend.close();
    await sql(url, `CREATE ROLE plain LOGIN; ALTER SCHEMA quorate OWNER TO plain`);
    await sql(
      url,
      `GRANT ALL ON ALL TABLES IN SCHEMA quorate TO plain; GRANT ALL ON SCHEMA quorate TO plain`,
    );
    await sql(url, `ALTER FUNCTION quorate.guard() OWNER TO plain`);
    const plain = await OneStore.open(url.replace('postgres@', 'plain@'));
    stores.push(plain);
    assert.equal(plain.backend.compatibility()['rights of the user'], 'may not create');
  });

  it('refuses a second node on the same database', async () => {
    const { url } = await fresh();
    await assert.rejects(OneStore.open(url), /each node needs a database of its own/);
  });

  it('refuses a command that was examined against another schema, and executes the rest', async () => {
    const { store } = await fresh();
    const examined = (sqlText: string, catalogEpoch: number, isDdl = false) => ({
      statements: [{ sql: sqlText, params: [] }],
      catalogEpoch,
      isDdl,
    });
    const outcomes = await store.outcomes(
      examined(TABLE, 0, true),
      examined(insert('a'), 0),
      examined(insert('b'), 1),
      examined('CREATE TABLE t ()', 1, true),
      examined(insert('c'), 1),
    );
    assert.deepEqual(outcomes, [null, 'CATALOG_CHANGED', [['1']], '42P07', [['2']]]);
  });

  it('parses with the schema that it knows while a newer one is being read', async () => {
    const seen: unknown[] = [];
    const read = new EventEmitter();
    let readings = 0;
    const store = new OneStore(
      await databases.create(),
      {},
      {
        ...PLAIN_SQL,
        parse: (input, catalog) => {
          seen.push(catalog);
          return PLAIN_SQL.parse(input, catalog);
        },
        loadCatalog: async () => {
          readings += 1;
          queueMicrotask(() => setImmediate(() => read.emit('read')));
          return `catalog ${readings}`;
        },
      },
    );
    stores.push(store);
    const loaded = once(read, 'read');
    await store.reopen();
    await loaded;
    await store.apply(TABLE);
    store.backend.parse({ form: 'text', text: 'SELECT 1' });
    assert.deepEqual(seen, ['catalog 1']);
  });

  it('asks for a command again that it took for a read before it knew that its function writes', async () => {
    const store = new OneStore(await databases.create(), {}, SQL);
    stores.push(store);
    await store.reopen();
    await store.apply(TABLE);
    const early = store.backend.parse({ form: 'text', text: 'SELECT put()' });
    assert.ok(early.ok && early.access === 'read');
    const put = `CREATE FUNCTION put() RETURNS int LANGUAGE sql AS $$ INSERT INTO t (k) VALUES ('a') RETURNING 1 $$`;
    await store.apply({ statements: [{ sql: put, params: [] }], isDdl: true });
    await assert.rejects(store.backend.query(early.command), (error: Error) => {
      assert.ok(error instanceof BackendUnavailable);
      assert.match(error.message, /it writes; ask again/);
      return true;
    });
    const late = store.backend.parse({ form: 'text', text: 'SELECT put()' });
    assert.ok(late.ok && late.access === 'write');
  });

  it('reads without writing, and refuses answers that are too long', async () => {
    const { store } = await fresh({ readTimeoutMs: 200 });
    await store.apply(TABLE, insert('a'));
    assert.equal(await store.read("SELECT repeat('x', 5000000)"), 'RESULT_TOO_LARGE');
    assert.equal(await store.read('SELECT pg_sleep(5)'), '57014');
    assert.equal(await store.read('SELECT 1/0'), '22012');
    assert.deepEqual(await store.read('SELECT count(*) FROM t'), [['1']]);
    const write = { statements: [{ sql: insert('b'), params: [] }] };
    const refused = await store.backend.query(write);
    assert.equal(refused.ok ? 'done' : refused.code, '25006');
  });

  it('keeps nothing of commands whose answers are too long, and everything of those around them', async () => {
    const { store } = await fresh();
    await store.apply('CREATE TABLE big (id int PRIMARY KEY, v text)');
    const outcomes = await store.outcomes(
      "INSERT INTO big VALUES (2, 'a') RETURNING repeat('x', 2000000)",
      "INSERT INTO big VALUES (3, 'a'); UPDATE big SET v = 'b' RETURNING repeat('x', 600000); DELETE FROM big RETURNING repeat('x', 600000)",
      "INSERT INTO big VALUES (4, 'a') RETURNING id",
    );
    assert.deepEqual(outcomes, ['RESULT_TOO_LARGE', 'RESULT_TOO_LARGE', [['4']]]);
    assert.deepEqual(await store.read('SELECT id FROM big'), [['4']]);
  });

  it('answers UPDATE and DELETE with rows in the same order wherever they lie', async () => {
    const [{ store }, { store: twin }] = [await fresh(), await fresh()];
    for (const each of [store, twin]) await each.apply(TABLE);
    await store.apply(insert('a'), insert('b'), insert('c'));
    await twin.apply(insert('a'), insert('b'), insert('c'));
    // Moves a row behind the others in one of the two.
    await store.apply("UPDATE t SET v = 9 WHERE k = 'a'", "UPDATE t SET v = 1 WHERE k = 'a'");
    const update = 'UPDATE t SET v = v + 1 RETURNING k, v';
    assert.deepEqual(await store.outcomes(update), await twin.outcomes(update));
  });
});
