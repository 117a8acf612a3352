/**
 * What a client does with each error code that a node answers: one table, no state.
 *
 * Leaves the doing to `command-engine.ts`, and what may be said about the outcome to `PendingCommand`.
 */
import type { ErrorCode } from '@quorate/wire';

/**
 * reject: it will not get better; tell the caller.
 * retry: ask the same node again after a back-off.
 * redirect: another node leads; the details say which.
 * doubt: this node does not lead after all; wait for word of the leader, or ask elsewhere.
 * leave: this node is going away.
 * new-session: the node has forgotten our session.
 */
export type Verdict = 'reject' | 'retry' | 'redirect' | 'doubt' | 'leave' | 'new-session';

export function verdictOn(code: ErrorCode): Verdict {
  switch (code) {
    case 'NOT_LEADER':
      return 'redirect';
    case 'NO_LEADER':
    case 'LEADERSHIP_LOST':
      return 'doubt';
    case 'STOPPING':
      return 'leave';
    case 'SESSION_EXPIRED':
      return 'new-session';
    case 'OVERLOADED':
    case 'SESSION_WINDOW':
    case 'BACKEND_UNAVAILABLE':
    case 'TIMEOUT':
    case 'DISCONNECTED':
      return 'retry';
    default:
      return 'reject';
  }
}

/** When the call's time is up, these say more than TIMEOUT; they are only surfaced with outcome 'none'. */
export function outlivesTimeout(
  code: string,
): code is 'OVERLOADED' | 'STOPPING' | 'SESSION_WINDOW' | 'BACKEND_UNAVAILABLE' {
  return (
    code === 'OVERLOADED' ||
    code === 'STOPPING' ||
    code === 'SESSION_WINDOW' ||
    code === 'BACKEND_UNAVAILABLE'
  );
}
