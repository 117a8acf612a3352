/**
 * How nodes stand, in their own words (`GET /v1/status`), and waiting until all that run stand at the same place.
 */
import type { ServerStatus } from '@quorate/core';
import { type ProcessCluster, poll } from '#src/spawn/index.ts';

const CONVERGENCE_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 10_000;
const ASK_TIMEOUT_MS = 2000;

/** The whole status of a node that is up; a busy machine may need several tries. @throws when it does not answer. */
export function standingOf(cluster: ProcessCluster, node: number): Promise<ServerStatus> {
  return poll(
    () => askStanding(cluster, node),
    ANSWER_TIMEOUT_MS,
    () => new Error(`node ${node} does not answer`),
  );
}

/** Undefined when the node does not answer: it is down, or not up yet. */
export async function askStanding(cluster: ProcessCluster, node: number): Promise<ServerStatus | undefined> {
  try {
    const response = await fetch(`http://${cluster.addr(node)}/v1/status`, {
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    });
    return response.status === 200 ? ((await response.json()) as ServerStatus) : undefined;
  } catch {
    return undefined; // Refused, cut off or too slow.
  }
}

export type Position = {
  readonly learnedSlot: number;
  readonly appliedSlot: number;
  readonly digest: string;
};

/** Every node that runs has learned and applied the same slots, with the same digest of what it applied. */
export function waitForOnePosition(cluster: ProcessCluster): Promise<Position> {
  let seen: readonly (Position | undefined)[] = [];
  return poll(
    async () => {
      const standings = await Promise.all(cluster.running().map((node) => askStanding(cluster, node)));
      seen = standings.map((standing) => (standing === undefined ? undefined : positionIn(standing)));
      const [first] = seen;
      if (first === undefined || first.learnedSlot !== first.appliedSlot) return undefined;
      return seen.every((position) => position !== undefined && isSame(position, first)) ? first : undefined;
    },
    CONVERGENCE_TIMEOUT_MS,
    () => new Error(`the nodes do not come to the same position: ${JSON.stringify(seen)}`),
  );
}

function positionIn({ learnedSlot, appliedSlot, digest }: ServerStatus): Position {
  return { learnedSlot, appliedSlot, digest };
}

function isSame(left: Position, right: Position): boolean {
  return (
    left.learnedSlot === right.learnedSlot &&
    left.appliedSlot === right.appliedSlot &&
    left.digest === right.digest
  );
}
