/** Snapshots of stores of some size while slots are applied, and digests that see content only. */
import assert from 'node:assert/strict';
import { stopServers } from '../support/servers.ts';
import { Store } from '../support/store.ts';

const KEYS = 2000;

const ODD_KEYS = [
  'SADD s1 a b c',
  'SADD s2 c d',
  'SADD nums 3 1 2',
  'ZADD z1 1 a 2 b',
  'ZADD z2 1 x',
  'GEOADD g1 13.361389 38.115556 Palermo 15.087269 37.502669 Catania',
  'HSET h1 a 1 b 2',
  'PFADD p1 a b',
  'PFADD p2 c',
  'XADD x1 1-1 f v',
  'SET bits abc',
];
const ODD_CHANGES = [
  'LMPOP 2 none l1 LEFT',
  'ZMPOP 1 z1 MIN',
  'ZUNIONSTORE z2 2 s1 z1 WEIGHTS 2 3',
  'ZRANGESTORE g2 g1 0 -1',
  'SORT nums BY nosort LIMIT 0 2 STORE l2',
  'GEORADIUS g1 15 37 200 km STORE l3',
  'GEOSEARCHSTORE k3 g1 FROMLONLAT 15 37 BYRADIUS 200 km',
  'BITOP NOT k5 bits',
  'PFMERGE p1 p2',
  'SMOVE s1 s2 a',
  'SPOP s1',
  'SINTERSTORE k6 s1 s2',
  'LMOVE l4 l5 LEFT RIGHT',
  'GETDEL k7',
  'MSET k8 x k9 y',
  'HINCRBY h1 a 5',
  'XADD x1 * f w',
  'XSETID x1 99999999999999-1',
  'BITFIELD bits SET u8 0 255',
  'MULTI; SET k10 x; RENAME k11 k12; EXEC',
];

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
    [
      'changed by commands whose keys stand in odd places',
      (slot) => (slot === 1 ? ODD_CHANGES : [`SET b${slot} 1`]),
    ],
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
  await store.write(...ODD_KEYS);
  const value = 'v'.repeat(400);
  for (let first = 0; first < KEYS; first += 500)
    await store.write(...Array.from({ length: 500 }, (_, index) => `SET k${first + index} ${value}`));
  await store.write(...Array.from({ length: 200 }, (_, index) => `RPUSH l${index} a b ${value}`));
}

async function* of(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
