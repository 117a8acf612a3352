/**
 * The replica: all roles of one node behind one verb. Takes an input, changes its state, returns what to do.
 *
 * No clock, no timer, no outside randomness, no I/O, no promise, no logger. Two replicas with equal boot arguments and
 * equal inputs give equal outputs. The host's duties are in replica-types.ts. Never throws for what a peer can send;
 * a broken invariant throws, and the host then ends the process.
 */
import { flushAcknowledgement } from './acceptance.ts';
import { onAccept, onPrepare } from './acceptor.ts';
import { concludeCampaign, onPromise } from './campaign.ts';
import {
  forgivePause,
  onHeartbeat,
  onNack,
  onPeerDown,
  onPeerUp,
  onPreVote,
  onPreVoteReply,
  onTransfer,
  startPreVote,
  tickElection,
} from './election.ts';
import { hasQuorumOfEchoes } from './heartbeats.ts';
import { invariant } from './invariant.ts';
import { onHeartbeatEcho, onPeerBack, onResign, tickLeader, tickResign } from './leadership.ts';
import {
  advance,
  learnFromWatermark,
  onCatchUpReply,
  onCatchUpRequest,
  releaseServices,
  tickCatchUp,
} from './learner.ts';
import type { Message } from './message.ts';
import { expireRemoteReads, onRead, onReadIndexReply, onReadIndexRequest, startReadRound } from './reads.ts';
import type { Input, Output, Replica, ReplicaBoot, ReplicaView, Role } from './replica-types.ts';
import { canPropose, onAccepted, onOwnDurable, onPropose } from './replication.ts';
import { createState, isVoter, type ReplicaState } from './state.ts';
import { type NodeId, SLOT_ZERO, type Slot, type WriteSequence } from './types.ts';

export function createReplica(boot: ReplicaBoot): Replica {
  return resumeReplica(createState(boot));
}

/** A replica that goes on from a state, which it owns from now on. For tools; a host boots from its journal. */
export function resumeReplica(state: ReplicaState): Replica {
  return new ReplicaMachine(state);
}

class ReplicaMachine implements Replica {
  readonly #state: ReplicaState;

  constructor(state: ReplicaState) {
    this.#state = state;
  }

  step(input: Input): Output {
    const state = this.#state;
    if (input.at > state.at) state.at = input.at;
    dispatch(state, input);
    return state.effects.take();
  }

  get role(): Role {
    return roleOf(this.#state);
  }

  get learnedSlot(): Slot {
    return this.#state.learnedSlot;
  }

  get leader(): NodeId | undefined {
    return leaderOf(this.#state);
  }

  get canPropose(): boolean {
    return canPropose(this.#state);
  }

  view(): ReplicaView {
    const state = this.#state;
    const { leadership, campaign } = state;
    return {
      self: state.self,
      role: roleOf(state),
      ballot: leadership?.ballot ?? campaign?.ballot ?? state.promised,
      promised: state.promised,
      leader: leaderOf(state),
      learnedSlot: state.learnedSlot,
      appliedSlot: state.appliedSlot,
      proposedSlot: leadership?.proposedSlot ?? SLOT_ZERO,
      readFloor: leadership?.readFloor ?? SLOT_ZERO,
      canPropose: canPropose(state),
      quorumConnected: leadership !== undefined && hasQuorumOfEchoes(state, leadership),
      accepted: [...state.records.values()]
        .sort((left, right) => left.slot - right.slot)
        .map(({ slot, ballot, value }) => ({ slot, ballot, value })),
    };
  }
}

function roleOf(state: ReplicaState): Role {
  if (state.leadership !== undefined) return 'leader';
  return state.campaign === undefined ? 'follower' : 'candidate';
}

function leaderOf(state: ReplicaState): NodeId | undefined {
  if (state.leadership !== undefined) return state.self;
  return state.following?.connected === true ? state.following.leader : undefined;
}

function dispatch(state: ReplicaState, input: Input): void {
  switch (input.kind) {
    case 'receive':
      // A stranger's word, or our own come back: nothing of it counts.
      if (input.from !== state.self && isVoter(state, input.from)) receive(state, input.from, input.message);
      return;
    case 'turn':
      return onTurn(state);
    case 'tick':
      return onTick(state);
    case 'propose':
      return onPropose(state, input.ticket, input.value);
    case 'read':
      return onRead(state, input.ticket);
    case 'persisted':
      return onPersisted(state, input.through);
    case 'applied':
      invariant(
        input.through >= state.appliedSlot,
        'PREFIX-APPLY',
        () => `applied ${input.through} after ${state.appliedSlot}`,
      );
      invariant(
        input.through <= Math.max(state.learnedSlot, state.deliveredAtStart),
        'ORDER',
        () => `applied ${input.through}, learned ${state.learnedSlot}`,
      );
      state.appliedSlot = input.through;
      return;
    case 'peer-up':
      onPeerUp(state, input.peer);
      return onPeerBack(state, input.peer);
    case 'peer-down':
      return onPeerDown(state, input.peer);
    case 'resign':
      return onResign(state);
    case 'campaign':
      if (state.campaign === undefined) startPreVote(state);
      return;
    default:
      return input satisfies never;
  }
}

function receive(state: ReplicaState, from: NodeId, message: Message): void {
  switch (message.kind) {
    case 'heartbeat':
      return onHeartbeat(state, from, message);
    case 'heartbeat-echo':
      return onHeartbeatEcho(state, from, message);
    case 'pre-vote':
      return onPreVote(state, from, message);
    case 'pre-vote-reply':
      return onPreVoteReply(state, from, message);
    case 'prepare':
      return onPrepare(state, from, message);
    case 'promise':
      return onPromise(state, from, message);
    case 'nack':
      return onNack(state, message);
    case 'accept':
      return onAccept(state, from, message);
    case 'accepted':
      return onAccepted(state, from, message);
    case 'learned':
      return from === message.ballot.node
        ? learnFromWatermark(state, from, message.ballot, message.learnedSlot)
        : undefined;
    case 'catch-up-request':
      return onCatchUpRequest(state, from, message);
    case 'catch-up-reply':
      return onCatchUpReply(state, from, message);
    case 'read-index-request':
      return onReadIndexRequest(state, from, message);
    case 'read-index-reply':
      return onReadIndexReply(state, message);
    case 'transfer':
      return onTransfer(state, from, message);
    default:
      return message satisfies never;
  }
}

/** Everything that was ready has been fed: what is sent once per turn leaves now. */
function onTurn(state: ReplicaState): void {
  advance(state); // At boot: values already known to be chosen.
  flushAcknowledgement(state);
  startReadRound(state);
  if (state.leadership !== undefined) tickResign(state, state.leadership);
  if (state.learnedSlot > state.persistedLearnedSlot) {
    state.persistedLearnedSlot = state.learnedSlot;
    state.effects.persistLearned(state.learnedSlot);
  }
}

function onTick(state: ReplicaState): void {
  if (state.at - state.lastTickAt > state.limits.electionTimeoutMs / 2) forgivePause(state);
  state.lastTickAt = state.at;
  tickLeader(state);
  tickElection(state);
  tickCatchUp(state);
  expireRemoteReads(state);
}

function onPersisted(state: ReplicaState, through: WriteSequence): void {
  if (through <= state.durable) return;
  invariant(
    through <= state.effects.lastWrite,
    'DURABLE-BEFORE-SEND',
    () => `write ${through} was never issued`,
  );
  state.durable = through;
  concludeCampaign(state);
  onOwnDurable(state);
  releaseServices(state);
}
