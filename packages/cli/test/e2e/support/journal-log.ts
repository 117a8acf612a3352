/**
 * The log of a node that does not run, as `quorate inspect -w json` prints it.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ProcessCluster } from '#src/spawn/index.ts';
import { quorate } from '../../helpers/run-quorate.ts';

type Entry = {
  readonly slot: number;
  readonly chosen: boolean;
  readonly intact: boolean;
  readonly kind: string;
  readonly stampMs?: number;
  readonly groups?: unknown;
};

/** Slots up to `untilSlot` with their values as text, without ballots: those are each node's own story. */
export async function chosenLog(cluster: ProcessCluster, node: number, untilSlot: number): Promise<string[]> {
  const directory = join(cluster.dataDirectory, `node-${node}`);
  const run = await quorate(['inspect', directory, '-w', 'json']);
  assert.deepEqual([run.code, run.stderr], [0, '']);
  const entries = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ slot }) => slot <= untilSlot);
  for (const { slot, chosen, intact } of entries) {
    assert.deepEqual({ slot, chosen, intact }, { slot, chosen: true, intact: true }, `node ${node}`);
  }
  return entries.map(({ slot, kind, stampMs, groups }) => JSON.stringify({ slot, kind, stampMs, groups }));
}
