/** The requests of a run as a history for the linearizability checker: what the clients were told, and when. */
import type { Call, End, History } from '../history/call.ts';
import type { Request } from './operation.ts';
import type { Stage } from './stage.ts';

/** Lanes of one client that the history tells apart. */
const LANES = 16;

export function recordedHistory(stage: Stage, requests: readonly Request[]): History {
  const calls: Call[] = [];
  for (const request of requests) {
    const { action, key } = request.operation;
    // A stale read promises nothing about time; the witness judges it against the slot that it names.
    if (action === undefined || request.consistency === 'stale') continue;
    const { id, client, lane, beganMs } = request;
    const end = endOf(stage, request);
    calls.push({ id, client: client * LANES + lane, key, action, beganUs: microseconds(beganMs), end });
  }
  return { calls, faults: [] };
}

function endOf(stage: Stage, { operation, ending, endedMs }: Request): End {
  const atUs = microseconds(endedMs);
  if (ending?.kind === 'none') return { kind: 'none', atUs };
  if (ending?.kind !== 'done') return { kind: 'unknown', atUs };
  const answer = stage.contentOf(operation, ending.result);
  return answer === undefined ? { kind: 'done', atUs } : { kind: 'done', atUs, answer };
}

function microseconds(ms: number): number {
  return Math.floor(ms * 1000);
}
