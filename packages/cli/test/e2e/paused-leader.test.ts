/**
 * Purpose: a leader that is stopped for five seconds (SIGSTOP) while the others go on does no harm when it wakes up:
 * it serves no stale read, not even one that was waiting in its socket, answers no write as a second leader, and
 * follows.
 */
import assert from 'node:assert/strict';
import { Background } from './support/background.ts';
import { CounterHistory } from './support/counter-history.ts';
import { counterCluster } from './support/counters.ts';
import { useScene } from './support/scene.ts';
import { standingOf, waitForOnePosition } from './support/standing.ts';

const PAUSE_MS = 5000;
const KEY = 'counter';

describe('a leader that sleeps', function () {
  this.timeout(60_000);
  const scene = useScene(counterCluster(3));

  it('wakes up to the truth', async () => {
    const { cluster } = scene();
    const history = new CounterHistory();
    const sleeper = await cluster.waitForLeader();
    const others = cluster.running().filter((node) => node !== sleeper);
    // Its silence must not make these two leave: what they sent has to wait in its sockets.
    const patience = { timeoutMs: 20_000, silenceTimeoutMs: 20_000 };
    const atSleeper = scene().clientOf(sleeper, patience);
    const alsoAtSleeper = scene().clientOf(sleeper, patience);
    await history.increment(atSleeper, KEY, 'sleeper');
    await history.read(alsoAtSleeper, KEY, 'sleeper');
    // One goes to the leader and has to find the new one, taking along what the old one never answered.
    const clients = [
      scene().client({ timeoutMs: 20_000 }),
      ...others.map((node) => scene().clientOf(node, { timeoutMs: 20_000 })),
    ];
    const load = new Background(4 * clients.length, async (worker, turn) => {
      const client = clients[worker % clients.length] as (typeof clients)[number];
      const by = `client ${worker % clients.length}`;
      await (turn % 3 === 0 ? history.read(client, KEY, by) : history.increment(client, KEY, by));
    });
    await cluster.waitFor('increments', () => history.acknowledged >= 100);

    cluster.pause(sleeper);
    const pausedAt = performance.now();
    const waiting: Promise<number | undefined>[] = [];
    waiting.push(
      history.read(atSleeper, KEY, 'sleeper, asleep'),
      history.increment(atSleeper, KEY, 'sleeper, asleep'),
    );
    await cluster.waitForLeader();
    const before = history.acknowledged;
    await cluster.waitFor(
      'five seconds of work without the sleeper',
      () => performance.now() - pausedAt >= PAUSE_MS && history.acknowledged > before + 100,
    );
    // Asked before it wakes, answered after: the newest answers so far are their floor.
    waiting.push(history.read(alsoAtSleeper, KEY, 'sleeper, before it wakes'));
    cluster.resume(sleeper);
    for (let read = 0; read < 50; read++) await history.read(alsoAtSleeper, KEY, 'sleeper, awake');
    await Promise.all(waiting);
    await load.stop();

    await cluster.waitFor('the sleeper to follow', async () => {
      const { role, leader } = await standingOf(cluster, sleeper);
      return role === 'follower' && others.includes(leader);
    });
    await waitForOnePosition(cluster);
    await history.verify(scene().clientOf(sleeper));
    assert.deepEqual(history.errors, {}, 'nobody had to give up, not even who waited at the sleeper');
  });
});
