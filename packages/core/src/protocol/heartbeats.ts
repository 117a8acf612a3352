/**
 * A leader's signs of life, and what their echoes prove: that a quorum is still bound to exactly this ballot.
 *
 * An echo names the heartbeat it answers, so a late echo of an old heartbeat confirms nothing newer.
 */
import { isPhase1Quorum } from './quorum.ts';
import { currentMemberships, type Leadership, later, type ReplicaState } from './state.ts';
import type { NodeId } from './types.ts';

/** Sends one heartbeat to every other voter and returns its sequence. */
export function sendHeartbeats(state: ReplicaState, leadership: Leadership, quorumConnected = true): number {
  leadership.heartbeatSequence += 1;
  leadership.heartbeatAt = later(state.at, state.limits.heartbeatMs);
  for (const node of leadership.peers.keys()) {
    if (state.unreachable.has(node)) continue;
    state.effects.send(node, {
      kind: 'heartbeat',
      ballot: leadership.ballot,
      sequence: leadership.heartbeatSequence,
      learnedSlot: state.learnedSlot,
      quorumConnected,
    });
  }
  return leadership.heartbeatSequence;
}

/** A quorum of every membership in effect echoed within the election timeout. */
export function hasQuorumOfEchoes(state: ReplicaState, leadership: Leadership): boolean {
  const heard = (node: NodeId): boolean => {
    if (node === state.self) return true;
    const peer = leadership.peers.get(node);
    return peer !== undefined && state.at - peer.echoAt < state.limits.electionTimeoutMs;
  };
  return currentMemberships(state).every((membership) => isPhase1Quorum(membership, heard));
}
