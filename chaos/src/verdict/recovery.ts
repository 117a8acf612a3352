/**
 * After all faults are healed a cluster has to come back by itself: one leader, and every replica at the same slot with
 * the same digest of what it applied.
 */

import { QuorateError } from '@quorate/wire';
import { poll } from 'quorate/spawn';
import type { ChaosCluster } from '../nodes/chaos-cluster.ts';

const LEADER_TIMEOUT_MS = 15_000;
const EQUAL_TIMEOUT_MS = 30_000;

export type Recovery = { readonly leaderMs: number; readonly equalMs: number };

/** @throws TIMEOUT saying what every node says, when the cluster does not come back or its replicas differ */
export async function waitForRecovery(cluster: ChaosCluster): Promise<Recovery> {
  const startedAt = performance.now();
  for (const node of cluster.nodes) if (!cluster.isRunning(node)) cluster.start(node);
  await cluster.waitForLeader(LEADER_TIMEOUT_MS);
  const leaderMs = Math.round(performance.now() - startedAt);
  let latest = 'nothing';
  await poll(
    async () => {
      const statuses = await cluster.statuses();
      const words = statuses.map((status) =>
        status === undefined
          ? 'no answer'
          : `applied ${status.appliedSlot}, learned ${status.learnedSlot}, digest ${status.digest}`,
      );
      latest = words.map((word, index) => `node ${index + 1}: ${word}`).join('; ');
      const isSettled = statuses.every(
        (status) => status?.appliedSlot === status?.learnedSlot && status !== undefined,
      );
      return isSettled && new Set(words).size === 1 ? true : undefined;
    },
    EQUAL_TIMEOUT_MS,
    () =>
      new QuorateError(
        'TIMEOUT',
        `the replicas are not equal ${EQUAL_TIMEOUT_MS / 1000} s after healing: ${latest}`,
      ),
  );
  return { leaderMs, equalMs: Math.round(performance.now() - startedAt) };
}
