/**
 * Purpose: servers, nodes and both at once are killed with `kill -9` while counters are counted; counters and digests
 * are right in the end.
 */
import assert from 'node:assert/strict';
import { createClient, QuorateError } from '@quorate/client';
import { streamOf } from '@quorate/core/protocol';
import { ProcessCluster } from 'quorate/spawn';
import { runStoreLoop } from '#src/stores/loop.ts';
import { postgres } from '#src/stores/postgres.ts';
import { redis } from '#src/stores/redis.ts';

describe('stores that are killed', function () {
  this.timeout(180_000);

  for (const kind of [postgres, redis])
    it(`${kind.name}: nothing is lost and nothing done twice`, async () => {
      const seed = Date.now() % 1_000_000;
      const again = `again: npm run store-chaos -- ${kind.name} --seconds 10 --seed ${seed}`;
      const lines: string[] = [];
      const report = await runStoreLoop(kind, {
        seconds: 10,
        random: streamOf(seed, 'store-chaos'),
        progress: (line) => lines.push(line),
      });
      assert.deepEqual(report.violations, [], `${again}\n${lines.join('\n')}`);
      assert.equal(new Set(report.digests).size, 1, again);
      assert.ok(report.acknowledged > 100 && report.kills.server > 0, `${again}\n${lines.join('\n')}`);
    });

  it('Redis: a server that comes back empty is filled again by a read, though nobody writes', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => redis.startServer()));
    const settings = { backend: 'redis', backendOptions: { url: servers.map(({ url }) => url) } };
    const cluster = await ProcessCluster.start({ nodes: 3, settings });
    const client = createClient({ endpoints: cluster.addrs });
    try {
      assert.equal(await redis.increment(client, 'a'), 1);
      // Its session is there before the kill: opening one is a slot, and would wake the store as a write does.
      const near = createClient({ endpoints: cluster.addr(2), followLeader: false });
      assert.equal(await redis.increment(near, 'a'), 2);
      await cluster.waitUntilCaughtUp(2);
      await servers[1]?.kill();
      await servers[1]?.restart();
      const count = async (): Promise<number | undefined> => {
        try {
          return await redis.count(near, 'a');
        } catch (error) {
          assert.ok(error instanceof QuorateError && error.code === 'BACKEND_UNAVAILABLE', String(error));
          return undefined;
        }
      };
      await cluster.waitFor('node 2 to answer reads', async () => (await count()) === 2);
      await near.close();
    } finally {
      await client.close();
      await cluster.stop();
      await Promise.all(servers.map((server) => server.stop()));
    }
  });
});
