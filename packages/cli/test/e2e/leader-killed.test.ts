/**
 * Purpose: leaders are killed with `kill -9` under load, and no client can tell but by the time: every acknowledged
 * command is there, each took effect once, and what was not executed was not.
 */
import assert from 'node:assert/strict';
import { Background } from './support/background.ts';
import { CounterHistory } from './support/counter-history.ts';
import { counterCluster } from './support/counters.ts';
import { useScene } from './support/scene.ts';
import { printedRandom } from './support/seed.ts';
import { standingOf, waitForOnePosition } from './support/standing.ts';

const CLIENTS = 4;
const WORKERS_PER_CLIENT = 16;

describe('a leader killed under load', function () {
  this.timeout(60_000);
  const scene = useScene(counterCluster(3));

  it('is replaced, comes back as a follower, and nothing is lost or done twice', async () => {
    const { cluster } = scene();
    const history = new CounterHistory();
    const clients = Array.from({ length: CLIENTS }, () => scene().client({ timeoutMs: 15_000 }));
    // Keys of one use, so that a second effect of any command shows, and a shared one that all add to.
    const load = new Background(CLIENTS * WORKERS_PER_CLIENT, async (worker, turn) => {
      const client = clients[worker % CLIENTS] as (typeof clients)[number];
      await history.increment(client, turn % 4 === 0 ? 'shared' : `worker-${worker}-turn-${turn}`);
    });
    await cluster.waitFor('increments', () => history.acknowledged >= 1000);
    const killed = await cluster.waitForLeader();
    const { round } = (await standingOf(cluster, killed)).ballot;
    await cluster.kill(killed);
    const before = history.acknowledged;
    await cluster.waitFor('increments after the kill', () => history.acknowledged >= before + 500);
    const successor = await cluster.waitForLeader();
    assert.notEqual(successor, killed);
    cluster.restart(killed);
    await cluster.waitUntilCaughtUp(killed);
    await cluster.waitFor('the old leader to follow the new one', async () => {
      const { role, leader } = await standingOf(cluster, killed);
      return role === 'follower' && leader === successor;
    });
    const later = history.acknowledged;
    await cluster.waitFor('increments after the return', () => history.acknowledged >= later + 500);
    await load.stop();
    assert.deepEqual(history.errors, {}, 'a client that may retry for 15 s sees no error');
    assert.ok((await standingOf(cluster, successor)).ballot.round > round);
    await waitForOnePosition(cluster);
    await history.verify(scene().client());
    await history.verify(scene().clientOf(killed));
  });

  it('again and again: a retry across changes of the leader takes effect once', async () => {
    const { cluster } = scene();
    const random = printedRandom();
    const history = new CounterHistory();
    const clients = Array.from({ length: CLIENTS }, () => scene().client({ timeoutMs: 15_000 }));
    const load = new Background(CLIENTS * WORKERS_PER_CLIENT, async (worker) => {
      await history.increment(clients[worker % CLIENTS] as (typeof clients)[number], 'retried');
    });
    for (let kill = 1; kill <= 5; kill++) {
      const target = history.acknowledged + random.between(100, 1000);
      await cluster.waitFor(`increments before kill ${kill}`, () => history.acknowledged >= target);
      const leader = await cluster.waitForLeader();
      await cluster.kill(leader);
      await cluster.waitForLeader();
      cluster.restart(leader);
    }
    const target = history.acknowledged + 100;
    await cluster.waitFor('increments after the last kill', () => history.acknowledged >= target);
    await load.stop();
    assert.deepEqual(history.errors, {}, 'a client that may retry for 15 s sees no error');
    await waitForOnePosition(cluster);
    await history.verify(scene().client());
  });
});
