/**
 * Purpose: without a majority a cluster stands still and says so truthfully; as soon as one node is back it goes on,
 * and nothing that was answered is taken back.
 */
import assert from 'node:assert/strict';
import type { QuorateClient, QuorateError } from '@quorate/client';
import type { ProcessCluster } from '#src/spawn/index.ts';
import { type Scene, useScene } from './support/scene.ts';
import { standingOf, waitForOnePosition } from './support/standing.ts';
import { WriteBook } from './support/write-book.ts';

const PATIENCE_MS = 600;
const WRITES = 20;

describe('without a majority', function () {
  this.timeout(60_000);

  describe('three nodes', () => {
    const scene = useScene({ nodes: 3 });

    it('stand still when a leader is alone, and go on when one follower is back', async () => {
      const { cluster } = scene();
      const leader = await cluster.waitForLeader();
      const book = new WriteBook();
      await writeAll(book, scene().client(), 'before');
      const followers = cluster.running().filter((node) => node !== leader);
      const client = await greeted(scene(), leader);
      await Promise.all(followers.map((node) => cluster.kill(node)));
      const errors = await assertStandsStill(book, client, 'alone');
      // The leader had begun: whether the first follower to return brings them into the log is not known yet.
      assert.ok(errors.some(({ outcome }) => outcome === 'unknown'));
      await cluster.waitFor(
        'the leader to step down',
        async () => (await standingOf(cluster, leader)).role !== 'leader',
      );
      await goesOn(scene(), book, followers[0] ?? 0);
      cluster.restart(followers[1] ?? 0);
      await waitForOnePosition(cluster);
      await book.verify(scene().client());
    });

    it('stand still when a follower is alone, and nothing that it refused is executed later', async () => {
      const { cluster } = scene();
      const leader = await cluster.waitForLeader();
      const book = new WriteBook();
      await writeAll(book, scene().client(), 'earlier');
      const [survivor = 0, other = 0] = cluster.running().filter((node) => node !== leader);
      const client = await greeted(scene(), survivor);
      await cluster.kill(other);
      await cluster.kill(leader);
      await cluster.waitFor(
        'the survivor to miss its leader',
        async () => (await standingOf(cluster, survivor)).leader === 0,
      );
      const errors = await assertStandsStill(book, client, 'orphan');
      // Nobody could take these commands, so nobody may call their fate unknown.
      assert.ok(errors.every(({ outcome }) => outcome === 'none'));
      await goesOn(scene(), book, leader);
      cluster.restart(other);
      await waitForOnePosition(cluster);
      await book.verify(scene().client());
    });
  });

  describe('five nodes', () => {
    const scene = useScene({ nodes: 5 });

    it('go on without two, stand still without three, and go on when one of them is back', async () => {
      const { cluster } = scene();
      const book = new WriteBook();
      await writeAll(book, scene().client(), 'five');
      const leader = await cluster.waitForLeader();
      const [follower = 0, third = 0, ...rest] = cluster.running().filter((node) => node !== leader);
      await Promise.all([cluster.kill(leader), cluster.kill(follower)]);
      await writeAll(book, scene().client(), 'three of five');
      assert.deepEqual(book.errors, {});
      const client = await greeted(scene(), rest[0] ?? 0);
      await cluster.kill(third);
      await assertStandsStill(book, client, 'two of five');
      await goesOn(scene(), book, third);
      for (const node of [leader, follower]) cluster.restart(node);
      await Promise.all([leader, follower].map((node) => cluster.waitUntilCaughtUp(node)));
      await waitForOnePosition(cluster);
      for (const node of [leader, follower]) await book.verify(scene().clientOf(node));
    });
  });
});

async function writeAll(book: WriteBook, client: QuorateClient, name: string): Promise<QuorateError[]> {
  const results = await Promise.all(
    Array.from({ length: WRITES }, (_, index) => book.write(client, `${name}-${index}`)),
  );
  return results.filter((result) => result !== undefined);
}

/**
 * A client of one node with its session open, so that what it sends later can get as far as the log; the node has
 * applied what it wrote.
 */
async function greeted(scene: Scene, node: number): Promise<QuorateClient> {
  const client = scene.clientOf(node, { timeoutMs: PATIENCE_MS });
  await client.set('greeting', String(node), { timeoutMs: 5000 });
  assert.equal(await client.get('greeting', { timeoutMs: 5000 }), String(node));
  return client;
}

/** No write is done, no linearizable read is served, and a stale read says what was there. */
async function assertStandsStill(
  book: WriteBook,
  client: QuorateClient,
  name: string,
): Promise<QuorateError[]> {
  const errors = await writeAll(book, client, name);
  assert.equal(errors.length, WRITES);
  for (const { code } of errors) assert.match(code, /^(TIMEOUT|NO_LEADER)$/);
  await assert.rejects(client.get('greeting'), { code: /^(TIMEOUT|NO_LEADER)$/, outcome: 'none' });
  assert.notEqual(await client.get('greeting', { consistency: 'stale' }), null);
  return errors;
}

async function goesOn(scene: Scene, book: WriteBook, returning: number): Promise<void> {
  const { cluster } = scene;
  cluster.restart(returning);
  await cluster.waitForLeader();
  const errors = await writeAll(book, scene.client(), `with ${returning} back at ${stampOf(cluster)}`);
  assert.deepEqual(errors, []);
}

/** Makes the keys of two returns differ. */
function stampOf(cluster: ProcessCluster): string {
  return cluster
    .running()
    .map((node) => cluster.process(node).pid)
    .join('-');
}
