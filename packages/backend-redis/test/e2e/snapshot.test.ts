/** Snapshots of stores of some size while slots are applied, and digests that see content only. */
import assert from 'node:assert/strict';
import { stopServers } from '../support/servers.ts';
import { Store } from '../support/store.ts';

const KEYS = 2000;

describe('snapshots of a Redis store', function () {
  this.timeout(60_000);
  afterEach(stopServers);

  const changes: readonly (readonly [string, (slot: number) => readonly string[]])[] = [
    ['changed', (slot) => [`SET k${slot * 7} changed`, `RPUSH l${slot} more`, `DEL k${slot * 3}`]],
    [
      'renamed and copied',
      (slot) => [`RENAMENX k${slot} r${slot}`, `COPY k${slot + 1} k${slot + 2} REPLACE`],
    ],
    ['created', (slot) => Array.from({ length: 50 }, (_, index) => `SET new${slot}.${index} 1`)],
    ['emptied', (slot) => (slot === 1 ? ['FLUSHALL', 'SET a 1'] : [`SET b${slot} 1`])],
    ['expired', (slot) => [`PEXPIRE k${slot} 1`, `SET e${slot} 1 PX 2`]],
  ];
  for (const [what, lines] of changes)
    it(`keys that are ${what} after the snapshot was begun are in it as they were`, async () => {
      const [source, target] = [await Store.start(), await Store.start()];
      await fill(source);
      const before = await source.backend.digest();
      const snapshot = await source.backend.snapshot();
      const chunks: Uint8Array[] = [];
      let slot = 0;
      for await (const chunk of snapshot.chunks) {
        chunks.push(chunk);
        await source.write(...lines(++slot));
      }
      assert.ok(slot > 4, `${slot} chunks`);
      await target.backend.restore({ slot: snapshot.slot, chunks: of(chunks) });
      assert.equal(await target.backend.digest(), before);
      assert.notEqual(await source.backend.digest(), before);
    });

  it('equal content has equal digests, however the server stores it', async () => {
    const compact = await Store.start();
    const wide = await Store.start({
      'hash-max-listpack-entries': '0',
      'zset-max-listpack-entries': '0',
      'set-max-intset-entries': '0',
      'list-max-listpack-size': '1',
      'stream-node-max-entries': '1',
    });
    const lines = [
      'HSET h b 2 a 1',
      'ZADD z 2 b 1 a',
      'SADD s 3 2 1',
      'RPUSH l a b c',
      'XADD x 1-1 f v',
      'XADD x 2-1 f v',
      'SET n 12',
    ];
    await compact.write(...lines);
    await wide.write(
      ...[...lines].reverse().filter((line) => !line.startsWith('XADD')),
      ...lines.filter((line) => line.startsWith('XADD')),
    );
    assert.notEqual(await compact.read('OBJECT ENCODING h'), await wide.read('OBJECT ENCODING h'));
    assert.equal(await compact.backend.digest(), await wide.backend.digest());
    await wide.write('ZADD z 2.5 b');
    await compact.write('SET unrelated 1');
    assert.notEqual(await compact.backend.digest(), await wide.backend.digest());
  });

  it('a snapshot that was given up leaves nothing in the server', async () => {
    const store = await Store.start();
    await fill(store);
    const snapshot = await store.backend.snapshot();
    await snapshot.chunks[Symbol.asyncIterator]().next();
    await store.write('SET k1 changed');
    await snapshot.release();
    const { Redis } = await import('ioredis');
    const client = new Redis(store.server.url, { lazyConnect: true, protocol: 2, db: 1 });
    await client.connect();
    assert.deepEqual((await client.keys('*')).sort(), ['meta', 'results']);
    client.disconnect();
  });
});

async function fill(store: Store): Promise<void> {
  const value = 'v'.repeat(400);
  for (let first = 0; first < KEYS; first += 500)
    await store.write(...Array.from({ length: 500 }, (_, index) => `SET k${first + index} ${value}`));
  await store.write(...Array.from({ length: 200 }, (_, index) => `RPUSH l${index} a b ${value}`));
}

async function* of(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
