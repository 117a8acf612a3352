/** Throw-away servers start, survive being killed with their data, and leave nothing behind. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { startTemporaryPostgres } from '@quorate/backend-postgres/testing';
import pg from 'pg';

describe('temporary PostgreSQL server', function () {
  this.timeout(60_000);

  it('keeps what was committed over a kill, and removes its directory at the end', async () => {
    const server = await startTemporaryPostgres();
    try {
      await ask(server.url, 'CREATE TABLE kept (n int)');
      const { pid } = server;
      await server.kill();
      await server.restart();
      assert.notEqual(server.pid, pid);
      assert.equal((await ask(server.url, 'SELECT count(*)::int AS n FROM kept'))[0]?.['n'], 0);
    } finally {
      await server.stop();
    }
    assert.equal(existsSync(server.directory), false);
  });
});

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
