/**
 * When to want an election, and when to agree that somebody else may have one.
 *
 * A pre-vote asks a quorum whether it would promise; it changes nothing durable. It is refused by everybody who hears
 * a live, quorum-connected leader, so a node with broken links cannot disturb the others. There is no test of who has
 * the longer log: any node that reaches a quorum can lead, and learns in phase 1 what it missed. That, together with
 * leaders that step down when they lose their quorum, makes partial partitions survivable.
 * Ref: Omni-Paxos (EuroSys 2023) section 3 for the scenarios; Raft dissertation 9.6 for pre-vote, 6.2 for check-quorum.
 */

import { nack } from './acceptor.ts';
import { isHigher, isLower, maxBallot, nextBallot, sameBallot } from './ballot.ts';
import { startPrepare, tickCampaign } from './campaign.ts';
import { hasQuorumOfEchoes } from './heartbeats.ts';
import { learnFromWatermark } from './learner.ts';
import type { Heartbeat, Nack, PreVote, PreVoteReply, Transfer } from './message.ts';
import { isPhase1Quorum } from './quorum.ts';
import { refuseRemoteReads } from './reads.ts';
import { electionDelay, follow, forgetLeader, isLeaderLive, noteBallot, promise, stepDown } from './role.ts';
import { currentMemberships, isVoter, later, otherVoters, type ReplicaState } from './state.ts';
import type { NodeId } from './types.ts';

export function onHeartbeat(state: ReplicaState, from: NodeId, message: Heartbeat): void {
  const { ballot } = message;
  if (from !== ballot.node) return;
  if (isLower(ballot, state.promised)) {
    nack(state, from, ballot);
    return;
  }
  if (state.leadership !== undefined && sameBallot(ballot, state.leadership.ballot)) return;
  // This node missed the Prepare. Promising now is always safe, and lets its echo count.
  if (isHigher(ballot, state.promised)) promise(state, ballot);
  const { newestHeartbeat } = state;
  if (sameBallot(newestHeartbeat.ballot, ballot) && message.sequence <= newestHeartbeat.sequence) return;
  state.newestHeartbeat = { ballot, sequence: message.sequence };
  const following = follow(state, from, ballot);
  following.lastHeardAt = state.at;
  following.connected = message.quorumConnected;
  if (message.quorumConnected) {
    state.electionDeadline = electionDelay(state, 1, 2);
    if (state.campaign?.phase === 'pre-vote') stepDown(state);
  } else {
    hurryElection(state);
  }
  learnFromWatermark(state, from, ballot, message.learnedSlot);
  state.effects.send(from, {
    kind: 'heartbeat-echo',
    ballot,
    sequence: message.sequence,
    learnedSlot: state.learnedSlot,
    appliedSlot: state.appliedSlot,
  });
}

export function onPreVote(state: ReplicaState, from: NodeId, message: PreVote): void {
  if (from !== message.ballot.node || !isVoter(state, from)) return;
  const leading = state.leadership !== undefined && hasQuorumOfEchoes(state, state.leadership);
  const granted = isHigher(message.ballot, state.promised) && !leading && !isLeaderLive(state);
  state.effects.send(from, {
    kind: 'pre-vote-reply',
    ballot: message.ballot,
    granted,
    promised: state.promised,
  });
}

export function onPreVoteReply(state: ReplicaState, from: NodeId, message: PreVoteReply): void {
  noteBallot(state, message.promised);
  const campaign = state.campaign;
  if (campaign?.phase !== 'pre-vote' || !sameBallot(campaign.ballot, message.ballot)) return;
  (message.granted ? campaign.granted : campaign.refused).add(from);
  const granted = (node: NodeId): boolean => campaign.granted.has(node);
  const memberships = currentMemberships(state);
  if (memberships.every((membership) => isPhase1Quorum(membership, granted))) {
    startPrepare(state);
    return;
  }
  // Enough refusals: no quorum is left to grant it. Too low a ballot is soon mended, a live leader is not.
  const possible = (node: NodeId): boolean => !campaign.refused.has(node);
  if (!memberships.every((membership) => isPhase1Quorum(membership, possible))) {
    const tooLow = !isHigher(campaign.ballot, state.highestSeen);
    stepDown(state);
    state.electionDeadline = tooLow ? electionDelay(state, 0, 0.1) : electionDelay(state, 0.5, 1);
  }
}

/** Somebody is bound to a higher ballot: this one is over. */
export function onNack(state: ReplicaState, message: Nack): void {
  noteBallot(state, message.promised);
  const mine =
    state.leadership?.ballot ?? (state.campaign?.phase === 'prepare' ? state.campaign.ballot : undefined);
  if (mine === undefined || !sameBallot(mine, message.ballot) || !isHigher(message.promised, mine)) return;
  stepDown(state);
}

export function onTransfer(state: ReplicaState, from: NodeId, message: Transfer): void {
  if (from !== message.ballot.node || !sameBallot(message.ballot, state.promised)) return;
  if (state.leadership !== undefined || !isVoter(state, state.self)) return;
  startPrepare(state);
}

export function onPeerDown(state: ReplicaState, peer: NodeId): void {
  state.unreachable.add(peer);
  if (state.catchUp?.to === peer) state.catchUp = undefined;
  if (state.following?.leader !== peer) return;
  // A closed socket is the quickest sign of a dead leader. If others still hear it they refuse the pre-vote.
  state.following.connected = false;
  refuseRemoteReads(state);
  hurryElection(state);
}

export function onPeerUp(state: ReplicaState, peer: NodeId): void {
  state.unreachable.delete(peer);
}

/** Asks the others whether they would promise a ballot above everything seen. */
export function startPreVote(state: ReplicaState): void {
  if (!isVoter(state, state.self) || state.leadership !== undefined) return;
  const ballot = nextBallot(maxBallot(state.promised, state.highestSeen), state.self);
  state.campaign = {
    phase: 'pre-vote',
    ballot,
    granted: new Set([state.self]),
    refused: new Set(),
    deadline: later(state.at, state.limits.electionTimeoutMs / 2),
  };
  state.effects.noteRoleChange();
  const alone = (node: NodeId): boolean => node === state.self;
  if (currentMemberships(state).every((membership) => isPhase1Quorum(membership, alone))) {
    startPrepare(state);
    return;
  }
  for (const node of otherVoters(state)) state.effects.send(node, { kind: 'pre-vote', ballot });
}

export function tickElection(state: ReplicaState): void {
  if (state.leadership !== undefined) return;
  if (state.campaign !== undefined) {
    tickCampaign(state);
    return;
  }
  if (
    state.following !== undefined &&
    !isLeaderLive(state) &&
    state.at - state.following.lastHeardAt >= state.limits.electionTimeoutMs
  ) {
    forgetLeader(state);
  }
  if (state.at < state.electionDeadline || isLeaderLive(state)) return;
  state.electionDeadline = electionDelay(state, 1, 2);
  startPreVote(state);
}

/**
 * This process stood still (stopped, suspended, a long collection): what was sent to it meanwhile still waits in the
 * sockets. Give it the time of a few heartbeats to be read before anybody is suspected.
 */
export function forgivePause(state: ReplicaState): void {
  const graceMs = state.limits.heartbeatMs * 3;
  state.electionDeadline = later(
    state.at,
    Math.max(state.electionDeadline - state.at, graceMs * (1 + state.random.fraction())),
  );
  for (const peer of state.leadership?.peers.values() ?? []) {
    const floor = state.at - state.limits.electionTimeoutMs + graceMs;
    if (peer.echoAt < floor) peer.echoAt = later(state.at, graceMs - state.limits.electionTimeoutMs);
  }
}

function hurryElection(state: ReplicaState): void {
  const soon = electionDelay(state, 0, 0.05);
  if (soon < state.electionDeadline) state.electionDeadline = soon;
}
