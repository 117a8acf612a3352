/** Sessions share the one session of the embedded server without meeting each other, and know when it is gone. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGliteServer } from '#src/embedded/embedded-server.ts';
import { Session } from '#src/session.ts';

describe('the embedded PostgreSQL', function () {
  this.timeout(120_000);
  let directory = '';
  let server: PGliteServer;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'quorate-embedded-'));
    server = new PGliteServer(() => directory);
    await server.start();
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const connect = (settings: Readonly<Record<string, string>> = {}): Promise<Session> => {
    const { signal } = new AbortController();
    return Session.connect({
      link: { embedded: server },
      purpose: 'test',
      connectTimeoutMs: 30_000,
      signal,
      settings,
    });
  };
  const one = async (session: Session, sql: string): Promise<unknown> =>
    (await session.ask(sql)).rows[0]?.[0];

  it('lets nobody into a transaction of another session', async () => {
    const [writer, reader] = [await connect(), await connect()];
    await writer.run('CREATE TABLE t (v int)');
    await writer.run('BEGIN');
    await writer.ask('INSERT INTO t VALUES (1)');
    let isRead = false;
    const reading = one(reader, 'SELECT count(*) FROM t').then((count) => {
      isRead = true;
      return count;
    });
    await writer.ask('INSERT INTO t VALUES (2)');
    assert.equal(isRead, false, 'the reader came in between');
    await writer.run('COMMIT');
    assert.equal(await reading, '2');
    await Promise.all([writer.close(), reader.close()]);
  });

  it('keeps the settings of each session apart', async () => {
    const [writer, reader] = [await connect(), await connect({ default_transaction_read_only: 'on' })];
    await assert.rejects(reader.ask('INSERT INTO t VALUES (3)'), /read-only/);
    await writer.ask('INSERT INTO t VALUES (3)');
    await assert.rejects(reader.ask('INSERT INTO t VALUES (4)'), /read-only/);
    await Promise.all([writer.close(), reader.close()]);
  });

  it('takes back what a session that was given up had begun', async () => {
    const [lost, next] = [await connect(), await connect()];
    await lost.run('BEGIN; DELETE FROM t');
    lost.abandon();
    assert.equal(await one(next, 'SELECT count(*) FROM t'), '3');
    await next.close();
  });

  it('breaks its sessions when it ends, and begins empty', async () => {
    const old = await connect();
    const asking = old.ask('SELECT count(*) FROM generate_series(1, 100000000)');
    await server.crash();
    await assert.rejects(asking, /the embedded PostgreSQL ended/);
    assert.equal(old.isBroken, true);
    await assert.rejects(connect(), /does not run/);
    await server.start();
    const next = await connect();
    assert.equal(await one(next, "SELECT to_regclass('t')"), null);
    await next.close();
  });
});
