/**
 * Purpose: however leaders die, fall asleep and come back, clients that each speak to another node see one counter:
 * no two leaders answer, no answer is older than one that was given before.
 */
import assert from 'node:assert/strict';
import { Background } from './support/background.ts';
import { CounterHistory } from './support/counter-history.ts';
import { counterCluster } from './support/counters.ts';
import { useScene } from './support/scene.ts';
import { printedRandom } from './support/seed.ts';
import { waitForOnePosition } from './support/standing.ts';

const NODES = [1, 2, 3];
const FAULTS = 6;
const WORKERS_PER_NODE = 4;
const KEY = 'register';

describe('clients at every node, through faults', function () {
  this.timeout(90_000);
  const scene = useScene(counterCluster(3));

  it('see one counter', async () => {
    const { cluster } = scene();
    const random = printedRandom();
    const history = new CounterHistory();
    const clients = NODES.map((node) => scene().clientOf(node, { timeoutMs: 2000, connectTimeoutMs: 500 }));
    let reads = 0;
    const load = new Background(NODES.length * WORKERS_PER_NODE, async (worker, turn) => {
      const node = NODES[worker % NODES.length] ?? 0;
      const client = clients[node - 1] as (typeof clients)[number];
      if ((worker + turn) % 3 !== 0) await history.increment(client, KEY, `node ${node}`);
      else if ((await history.read(client, KEY, `node ${node}`)) !== undefined) reads += 1;
    });
    const progress = (what: string): Promise<void> => {
      const target = history.acknowledged + random.between(100, 600);
      return cluster.waitFor(what, () => history.acknowledged >= target);
    };
    for (let fault = 1; fault <= FAULTS; fault++) {
      await progress(`answers before fault ${fault}`);
      const leader = await cluster.waitForLeader();
      const victim = random.chance(0.75) ? leader : random.pick(NODES);
      const isKill = random.chance(0.5);
      if (isKill) await cluster.kill(victim);
      else cluster.pause(victim);
      await cluster.waitForLeader();
      await progress(`answers without node ${victim}`);
      if (isKill) cluster.restart(victim);
      else cluster.resume(victim);
    }
    await progress('answers after the last fault');
    await load.stop();
    console.log(
      `      ${history.acknowledged} increments, ${reads} reads; errors ${JSON.stringify(history.errors)}`,
    );
    assert.ok(reads > 0);
    await waitForOnePosition(cluster);
    await history.verify(scene().client());
  });
});
