/**
 * Linearizable reads without a log entry: a leader confirms with one quorum round that no higher ballot has taken
 * over, and answers with the slot that a read must wait for. All reads that wait share a round.
 *
 * Owns READ-FLOOR: no read is confirmed below the highest slot that phase 1 revealed.
 * A read is confirmed only by echoes of a heartbeat that was sent after the read arrived.
 * Ref: Raft dissertation 6.4 for the batching; PMMC 4.5.
 */

import { sendHeartbeats } from './heartbeats.ts';
import { invariant } from './invariant.ts';
import { announceLearnedTo } from './learned.ts';
import type { ReadIndexReply, ReadIndexRequest } from './message.ts';
import { isPhase1Quorum } from './quorum.ts';
import { currentMemberships, type Leadership, type ReplicaState, type WaitingRead } from './state.ts';
import { asSlot, type NodeId, SLOT_ZERO, type Slot } from './types.ts';

/** A local read. Answered in this or a later step, exactly once. */
export function onRead(state: ReplicaState, ticket: number): void {
  const leadership = state.leadership;
  if (leadership !== undefined) {
    waitForRound(state, leadership, { kind: 'local', ticket, slot: readSlot(state, leadership) });
    return;
  }
  const following = state.following;
  if (following === undefined || state.unreachable.has(following.leader)) {
    state.effects.answerRead({ ticket, kind: 'refused', reason: 'no-leader' });
  } else if (state.remoteReads.size >= state.limits.maxWaitingReads) {
    state.effects.answerRead({ ticket, kind: 'refused', reason: 'overloaded' });
  } else {
    const id = state.nextReadId++;
    state.remoteReads.set(id, { ticket, askedAt: state.at });
    state.effects.send(following.leader, { kind: 'read-index-request', id });
  }
}

export function onReadIndexRequest(state: ReplicaState, from: NodeId, message: ReadIndexRequest): void {
  const leadership = state.leadership;
  if (leadership === undefined) {
    refuse(state, { kind: 'remote', from, id: message.id, slot: SLOT_ZERO }, 'no-leader');
    return;
  }
  waitForRound(state, leadership, {
    kind: 'remote',
    from,
    id: message.id,
    slot: readSlot(state, leadership),
  });
}

export function onReadIndexReply(state: ReplicaState, message: ReadIndexReply): void {
  const asked = state.remoteReads.get(message.id);
  if (asked === undefined) return; // Answered, refused or given up before.
  state.remoteReads.delete(message.id);
  state.effects.answerRead(
    message.refused
      ? { ticket: asked.ticket, kind: 'refused', reason: 'no-leader' }
      : { ticket: asked.ticket, kind: 'ready', slot: message.slot },
  );
}

/** At the end of a turn and when a round is over: the reads that wait get a round of their own. */
export function startReadRound(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined || leadership.waitingReads.length === 0 || leadership.readRound !== undefined)
    return;
  const reads = leadership.waitingReads;
  leadership.waitingReads = [];
  leadership.readRound = { sequence: sendHeartbeats(state, leadership), reads };
  finishReadRound(state, leadership);
}

/** Called when an echo came in. */
export function finishReadRound(state: ReplicaState, leadership: Leadership): void {
  const round = leadership.readRound;
  if (round === undefined) return;
  const confirmed = (node: NodeId): boolean =>
    node === state.self || (leadership.peers.get(node)?.echoSequence ?? 0) >= round.sequence;
  if (!currentMemberships(state).every((membership) => isPhase1Quorum(membership, confirmed))) return;
  leadership.readRound = undefined;
  for (const read of round.reads) {
    invariant(
      read.slot >= leadership.readFloor,
      'READ-FLOOR',
      () => `read at ${read.slot}, floor ${leadership.readFloor}`,
    );
    if (read.kind === 'local')
      state.effects.answerRead({ ticket: read.ticket, kind: 'ready', slot: read.slot });
    else answerRemote(state, read);
  }
  startReadRound(state);
}

/** The follower serves the read once it has applied the slot, so it is told at once that the slot is chosen. */
function answerRemote(state: ReplicaState, read: Extract<WaitingRead, { kind: 'remote' }>): void {
  announceLearnedTo(state, read.from);
  state.effects.send(read.from, { kind: 'read-index-reply', id: read.id, slot: read.slot, refused: false });
}

/** This node no longer leads: what waited here was not confirmed. */
export function refuseLeaderReads(state: ReplicaState): void {
  const leadership = state.leadership;
  if (leadership === undefined) return;
  const reads = [...(leadership.readRound?.reads ?? []), ...leadership.waitingReads];
  leadership.readRound = undefined;
  leadership.waitingReads = [];
  for (const read of reads) refuse(state, read, 'no-leader');
}

/** The leader that was asked is gone or another one came. */
export function refuseRemoteReads(state: ReplicaState): void {
  for (const { ticket } of state.remoteReads.values()) {
    state.effects.answerRead({ ticket, kind: 'refused', reason: 'no-leader' });
  }
  state.remoteReads.clear();
}

/** A request or its answer was lost: give it back after an election timeout. */
export function expireRemoteReads(state: ReplicaState): void {
  for (const [id, { ticket, askedAt }] of state.remoteReads) {
    if (state.at - askedAt < state.limits.electionTimeoutMs) return; // Ascending by time of asking.
    state.remoteReads.delete(id);
    state.effects.answerRead({ ticket, kind: 'refused', reason: 'no-leader' });
  }
}

function readSlot(state: ReplicaState, leadership: Leadership): Slot {
  return asSlot(Math.max(state.learnedSlot, leadership.readFloor));
}

function waitForRound(state: ReplicaState, leadership: Leadership, read: WaitingRead): void {
  const waiting = leadership.waitingReads.length + (leadership.readRound?.reads.length ?? 0);
  if (waiting >= state.limits.maxWaitingReads) refuse(state, read, 'overloaded');
  else leadership.waitingReads.push(read);
}

function refuse(state: ReplicaState, read: WaitingRead, reason: 'no-leader' | 'overloaded'): void {
  if (read.kind === 'local') state.effects.answerRead({ ticket: read.ticket, kind: 'refused', reason });
  else
    state.effects.send(read.from, { kind: 'read-index-reply', id: read.id, slot: SLOT_ZERO, refused: true });
}
