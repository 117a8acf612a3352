/**
 * Purpose: `backend: postgres` with `embedded: true` needs no server: every node answers SQL, and a node that was killed
 * fills its database again from the log.
 */
import assert from 'node:assert/strict';
import type { QuorateClient } from '@quorate/client';
import { useScene } from './support/scene.ts';
import { waitForOnePosition } from './support/standing.ts';

describe('the embedded PostgreSQL', function () {
  this.timeout(120_000);
  const scene = useScene({
    nodes: 3,
    settings: { backend: 'postgres', backendOptions: { embedded: true } },
    startTimeoutMs: 60_000,
  });

  it('answers at every node, and is filled again after a kill', async () => {
    const { cluster } = scene();
    const nodes = [1, 2, 3];
    const clients = nodes.map((node) => scene().clientOf(node, { timeoutMs: 60_000 }));
    await done(clients[0], 'CREATE TABLE t (id serial PRIMARY KEY, node int, at timestamptz DEFAULT now())');
    for (const [index, client] of clients.entries())
      await done(client, `INSERT INTO t (node) VALUES (${index + 1})`);
    const leader = await cluster.waitForLeader();
    await cluster.kill(leader);
    const other = nodes.find((node) => node !== leader) ?? 0;
    await done(clients[other - 1], 'INSERT INTO t (node) VALUES (4) RETURNING id');
    cluster.restart(leader);
    await cluster.waitUntilCaughtUp(leader);
    await waitForOnePosition(cluster);
    const answers = nodes.map((node) =>
      done(scene().clientOf(node, { timeoutMs: 60_000 }), 'SELECT id, node, at FROM t ORDER BY id'),
    );
    const [first, ...others] = await Promise.all(answers);
    assert.match(first ?? '', /"rows":\[\["1","1",.*\["4","4",/);
    for (const each of others) assert.equal(each, first);
  });
});

async function done(client: QuorateClient | undefined, sql: string): Promise<string> {
  const result = await client?.exec(sql);
  assert.ok(result?.ok, JSON.stringify(result));
  return Buffer.from(result.value ?? []).toString();
}
