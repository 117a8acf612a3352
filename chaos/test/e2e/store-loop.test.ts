/**
 * Purpose: servers, nodes and both at once are killed with `kill -9` while counters are counted; counters and digests
 * are right in the end.
 */
import assert from 'node:assert/strict';
import { streamOf } from '@quorate/core/protocol';
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
});
