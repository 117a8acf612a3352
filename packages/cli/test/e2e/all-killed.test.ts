/**
 * Purpose: all nodes are killed with `kill -9` at once under load and started again, twice; every acknowledged write
 * is there, and none that was answered as not executed.
 */
import assert from 'node:assert/strict';
import { Background } from './support/background.ts';
import { useScene } from './support/scene.ts';
import { printedRandom } from './support/seed.ts';
import { waitForOnePosition } from './support/standing.ts';
import { WriteBook } from './support/write-book.ts';

const NODES = [1, 2, 3];
const CLIENTS = 4;
const WORKERS_PER_CLIENT = 32;
/** Shorter than a restart takes: what is under way at the kill ends with an error, and that error must be true. */
const PATIENCE_MS = 300;

describe('all nodes killed at once', function () {
  this.timeout(60_000);
  const scene = useScene({ nodes: 3 });

  it('come back with every acknowledged write', async () => {
    const { cluster } = scene();
    const random = printedRandom();
    const book = new WriteBook();
    for (let round = 1; round <= 2; round++) {
      const clients = Array.from({ length: CLIENTS }, () => scene().client({ timeoutMs: PATIENCE_MS }));
      const load = new Background(CLIENTS * WORKERS_PER_CLIENT, async (worker, turn) => {
        const client = clients[worker % CLIENTS] as (typeof clients)[number];
        const error = await book.write(client, `round-${round}-worker-${worker}-${turn}`);
        if (error !== undefined) await cluster.waitForLeader();
      });
      const target = book.acknowledged + random.between(1000, 4000);
      await cluster.waitFor('writes', () => book.acknowledged >= target);
      await cluster.killAll();
      const before = book.acknowledged;
      for (const node of NODES) cluster.restart(node);
      await cluster.waitFor('writes after the return', () => book.acknowledged >= before + 500);
      await load.stop();
    }
    console.log(`      ${book.acknowledged} writes acknowledged; errors ${JSON.stringify(book.errors)}`);
    assert.ok((book.errors['TIMEOUT unknown'] ?? 0) > 0, 'some writes were under way');
    await waitForOnePosition(cluster);
    for (const node of NODES) await book.verify(scene().clientOf(node));
  });
});
