/**
 * Changes of role that several topics need: binding to a higher ballot, stepping down, following somebody.
 *
 * Owns PROMISE-MONO. Leaves to others when to campaign (election, campaign) and what a leader does (leadership).
 */
import { compareBallots, isHigher, maxBallot, sameBallot } from './ballot.ts';
import { invariant } from './invariant.ts';
import { refuseLeaderReads, refuseRemoteReads } from './reads.ts';
import { later, type ReplicaState } from './state.ts';
import type { Ballot, MonotonicMs, NodeId, WriteSequence } from './types.ts';

/** A random time in [low, high) x the election timeout from now. */
export function electionDelay(state: ReplicaState, low: number, high: number): MonotonicMs {
  return later(state.at, state.limits.electionTimeoutMs * (low + (high - low) * state.random.fraction()));
}

/** Remembers a ballot somebody uses, so that the next campaign goes above it. */
export function noteBallot(state: ReplicaState, ballot: Ballot): void {
  state.highestSeen = maxBallot(state.highestSeen, ballot);
}

/**
 * Binds this acceptor to a higher ballot, without a journal write: the caller writes the promise or the acceptance
 * that carries it. A leader or candidate of a lower ballot steps down.
 */
export function bindTo(state: ReplicaState, ballot: Ballot): void {
  invariant(compareBallots(ballot, state.promised) >= 0, 'PROMISE-MONO', () => 'a promise would be lowered');
  if (sameBallot(ballot, state.promised)) return;
  state.promised = ballot;
  noteBallot(state, ballot);
  if (state.leadership !== undefined || state.campaign !== undefined) stepDown(state);
  if (state.following !== undefined && isHigher(ballot, state.following.ballot)) forgetLeader(state);
  state.effects.noteRoleChange();
}

/** `bindTo` with its own durable promise. */
export function promise(state: ReplicaState, ballot: Ballot): WriteSequence {
  bindTo(state, ballot);
  return state.effects.persistPromise(ballot);
}

/** Back to follower. What was proposed stays accepted; whether it gets chosen is for the next leader to find out. */
export function stepDown(state: ReplicaState): void {
  refuseLeaderReads(state);
  if (state.leadership !== undefined || state.campaign?.phase === 'prepare') {
    state.electionDeadline = electionDelay(state, 1, 2);
  }
  state.leadership = undefined;
  state.campaign = undefined;
  state.effects.noteRoleChange();
}

export function forgetLeader(state: ReplicaState): void {
  state.following = undefined;
  refuseRemoteReads(state);
  state.effects.noteRoleChange();
}

/** Notes a sign of life of the leader of `ballot`, which is the promised one. */
export function follow(
  state: ReplicaState,
  leader: NodeId,
  ballot: Ballot,
): NonNullable<ReplicaState['following']> {
  const following = state.following;
  if (following !== undefined && sameBallot(following.ballot, ballot)) return following;
  if (following !== undefined) refuseRemoteReads(state);
  const fresh = { leader, ballot, lastHeardAt: state.at, connected: true };
  state.following = fresh;
  state.effects.noteRoleChange();
  return fresh;
}

/** A quorum-connected leader was heard within the election timeout: no election is wanted. */
export function isLeaderLive(state: ReplicaState): boolean {
  const following = state.following;
  return (
    following !== undefined &&
    following.connected &&
    state.at - following.lastHeardAt < state.limits.electionTimeoutMs
  );
}
