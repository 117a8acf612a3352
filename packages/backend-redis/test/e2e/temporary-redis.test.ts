/** Throw-away servers start, forget everything when they are killed, and leave nothing behind. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { startTemporaryRedis } from '@quorate/backend-redis/testing';
import { Redis } from 'ioredis';

describe('temporary Redis server', function () {
  this.timeout(60_000);

  it('comes back empty after a kill, on the same port, and removes its directory at the end', async () => {
    const server = await startTemporaryRedis();
    try {
      assert.equal(await ask(server.url, 'SET', 'kept', '1'), 'OK');
      const { pid, url } = server;
      await server.kill();
      await server.restart();
      assert.notEqual(server.pid, pid);
      assert.equal(server.url, url);
      assert.equal(await ask(server.url, 'GET', 'kept'), null);
    } finally {
      await server.stop();
    }
    assert.equal(existsSync(server.directory), false);
  });
});

async function ask(url: string, command: string, ...words: string[]): Promise<unknown> {
  const client = new Redis(url, { lazyConnect: true, protocol: 2 });
  try {
    await client.connect();
    return await client.call(command, ...words);
  } finally {
    client.disconnect();
  }
}
