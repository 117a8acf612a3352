/**
 * Purpose: three nodes keep one log: commands through any of them, a follower that is killed and comes back, and in
 * the end equal states, equal digests and equal journals.
 */
import assert from 'node:assert/strict';
import { Background } from './support/background.ts';
import { chosenLog } from './support/journal-log.ts';
import { useScene } from './support/scene.ts';
import { standingOf, waitForOnePosition } from './support/standing.ts';
import { WriteBook } from './support/write-book.ts';

const NODES = [1, 2, 3];

describe('three nodes', function () {
  this.timeout(60_000);
  const scene = useScene({ nodes: 3 });

  it('take set, get and del through each of them, and stand equal afterwards', async () => {
    const clients = new Map(NODES.map((node) => [node, scene().clientOf(node)]));
    for (const [node, client] of clients) {
      const key = `key of ${node}`;
      assert.equal(await client.get(key), null);
      assert.equal(await client.set(key, 'first'), 'first');
      assert.equal(await client.set(key, ' a "quoted"\nvalue '), ' a "quoted"\nvalue ');
      for (const other of clients.values()) assert.equal(await other.get(key), ' a "quoted"\nvalue ');
      assert.equal(await client.del(key), ' a "quoted"\nvalue ');
      for (const other of clients.values()) assert.equal(await other.get(key), null);
      assert.equal(await client.del(key), null);
      await client.setBytes(`bytes of ${node}`, Buffer.from([0, 255, node]));
    }
    for (const client of clients.values()) {
      const bytes = await Promise.all(NODES.map((node) => client.getBytes(`bytes of ${node}`)));
      assert.deepEqual(
        bytes.map((value) => [...(value ?? [])]),
        NODES.map((node) => [0, 255, node]),
      );
    }
    assert.ok((await waitForOnePosition(scene().cluster)).appliedSlot > 0);
  });

  it('go on without a follower, which catches up when it comes back', async () => {
    const { cluster } = scene();
    const leader = await cluster.waitForLeader();
    const [follower = 0] = NODES.filter((node) => node !== leader);
    const book = new WriteBook();
    const client = scene().client();
    const load = new Background(32, async (worker, turn) => {
      await book.write(client, `follower-${worker}-${turn}`);
    });
    await cluster.waitFor('writes', () => book.acknowledged >= 200);
    await cluster.kill(follower);
    const before = book.acknowledged;
    await cluster.waitFor('writes without the follower', () => book.acknowledged >= before + 500);
    cluster.restart(follower);
    await cluster.waitUntilCaughtUp(follower);
    await load.stop();
    assert.deepEqual(book.errors, {});
    const position = await waitForOnePosition(cluster);
    const returned = await standingOf(cluster, follower);
    assert.equal(returned.role, 'follower');
    assert.equal(returned.incarnation, 2);
    assert.equal(returned.digest, position.digest);
    await book.verify(scene().clientOf(follower));
  });

  it('leave equal journals behind', async () => {
    const { cluster } = scene();
    const { appliedSlot } = await waitForOnePosition(cluster);
    for (const node of NODES) assert.equal(await cluster.terminate(node), true);
    const [first, ...others] = await Promise.all(NODES.map((node) => chosenLog(cluster, node, appliedSlot)));
    assert.equal(first?.length, appliedSlot);
    for (const log of others) assert.deepEqual(log, first);
    assert.ok(first.some((entry) => entry.includes('SET follower-0-0')));
  });
});
