/**
 * From an action to what comes of it: which inputs the real replica is fed for it, and which landmarks it passes.
 *
 * Deterministic: equal nodes and equal actions give equal outcomes, which is what lets a search do each of them once.
 */
import type { Ballot, Message, PreVoteReply, ReplicaState } from '@quorate/core/protocol';
import type { Action, Outcome } from './action.ts';
import { keyOf } from './ballot-key.ts';
import { emptyDisk, imageOf } from './disk.ts';
import { type ModelNode, NO_PAST } from './model-node.ts';
import { NodeTurn, type Note } from './node-turn.ts';
import { forgetTime, type Setting } from './setting.ts';

/** A node that has just been started for the first time. */
export function freshNode(setting: Setting, self: ModelNode['self'], crashesLeft: number): ModelNode {
  const { protocol } = setting;
  const disk = emptyDisk(protocol);
  const state = bootState(setting, self, disk, 1);
  const journalLearned = disk.learnedSlot;
  const node: ModelNode = {
    self,
    state,
    disk,
    journalLearned,
    unflushed: [],
    outbox: [],
    past: { ...NO_PAST, crashesLeft },
  };
  return new NodeTurn(setting, node, state, undefined).end(undefined).node;
}

/** Undefined when the action cannot happen after all. `note` is given the lines of a transcript. */
export function perform(setting: Setting, node: ModelNode, action: Action, note?: Note): Outcome | undefined {
  if (action.kind === 'crash') return crash(setting, node, action.keepsLearned, note);
  const state = setting.protocol.cloneState(
    node.state,
    setting.randomOf(action.kind === 'tick' ? action.choice : 0),
  );
  const turn = new NodeTurn(setting, node, state, note);
  const { past } = node;
  switch (action.kind) {
    case 'deliver':
      turn.step({ kind: 'receive', from: action.from, message: action.message });
      noteDelivery(turn, node.state, action.message);
      break;
    case 'flush':
      turn.flush(action.writes);
      break;
    case 'campaign':
      turn.past = { ...past, campaigns: past.campaigns + 1 };
      if (!campaign(turn, action.granter)) return undefined;
      break;
    case 'propose':
      turn.past = { ...past, proposals: past.proposals + 1 };
      turn.step({ kind: 'propose', ticket: past.proposals + 1, value: valueOf(node) });
      break;
    case 'read': {
      const ticket = past.reads + 1;
      const openReads = [...past.openReads, { ticket, floorSlot: action.floorSlot }];
      turn.past = { ...past, reads: ticket, openReads };
      turn.step({ kind: 'read', ticket });
      break;
    }
    case 'tick':
      turn.past = { ...past, ticks: past.ticks + 1 };
      turn.step({ kind: 'tick' });
      break;
    case 'expire':
      turn.past = { ...past, expiries: past.expiries + 1 };
      turn.step({ kind: 'tick' }, setting.later);
      turn.reach('expired');
      break;
    default:
      return action satisfies never;
  }
  noteRecovery(turn, node, action);
  return turn.end(action.fate);
}

function crash(setting: Setting, node: ModelNode, keepsLearned: boolean, note: Note | undefined): Outcome {
  const { self, past } = node;
  const appliedSlot =
    setting.scope.backend === 'durable' ? node.state.appliedSlot : setting.protocol.SLOT_ZERO;
  const learnedSlot = keepsLearned ? node.journalLearned : node.disk.learnedSlot;
  const disk = { ...node.disk, learnedSlot, appliedSlot };
  const state = bootState(setting, self, disk, past.incarnation + 1);
  const after: ModelNode = {
    self,
    state,
    disk,
    journalLearned: state.learnedSlot,
    unflushed: [],
    outbox: [],
    past: {
      ...past,
      incarnation: past.incarnation + 1,
      crashesLeft: past.crashesLeft - 1,
      doomed: false,
      formerRound: past.usedRound,
      openReads: [],
    },
  };
  const turn = new NodeTurn(setting, after, state, note);
  noteCrash(turn, node);
  return turn.end(undefined);
}

function bootState(
  setting: Setting,
  self: ModelNode['self'],
  disk: ModelNode['disk'],
  seed: number,
): ReplicaState {
  const { protocol, limits, voters, now } = setting;
  const recovered = imageOf(protocol, disk);
  const { appliedSlot } = disk;
  const state = protocol.createState({
    self,
    membership: { voters },
    limits,
    seed,
    recovered,
    appliedSlot,
    at: now,
  });
  forgetTime(setting, state);
  return protocol.cloneState(state, setting.randomOf(0));
}

/**
 * A pre-vote and its answer in one step, each given by the real code. Pre-votes change nothing but who campaigns when,
 * and all of that is allowed here anyway. A candidate whose ballot would be too low has been told so before.
 */
function campaign(turn: NodeTurn, granter: ModelNode): boolean {
  const { setting, state } = turn;
  const { protocol } = setting;
  const { promised } = granter.state;
  const next = protocol.nextBallot(protocol.maxBallot(state.promised, state.highestSeen), state.self);
  if (!protocol.isHigher(next, promised)) {
    const refusal: PreVoteReply = {
      kind: 'pre-vote-reply',
      ballot: protocol.ZERO_BALLOT,
      granted: false,
      promised,
    };
    turn.step({ kind: 'receive', from: granter.self, message: refusal });
  }
  turn.step({ kind: 'campaign' });
  const asked = turn.state.campaign;
  if (asked?.phase !== 'pre-vote') return false;
  const reply = answerPreVote(setting, granter, state.self, asked.ballot);
  if (reply?.kind !== 'pre-vote-reply' || !reply.granted) return false;
  turn.step({ kind: 'receive', from: granter.self, message: reply });
  return turn.state.campaign?.phase === 'prepare';
}

function answerPreVote(
  setting: Setting,
  granter: ModelNode,
  from: ModelNode['self'],
  ballot: Ballot,
): Message | undefined {
  const replica = setting.protocol.resumeReplica(
    setting.protocol.cloneState(granter.state, setting.randomOf(0)),
  );
  const message: Message = { kind: 'pre-vote', ballot };
  return replica.step({ kind: 'receive', from, message, at: setting.now }).send[0]?.message;
}

/** `1a`, `1b`, ...: the values of node 1 in order. */
function valueOf({ self, past }: ModelNode): {
  readonly kind: 'batch';
  readonly stampMs: number;
  readonly bytes: Uint8Array;
} {
  return { kind: 'batch', stampMs: 0, bytes: Uint8Array.of(48 + self, 97 + past.proposals) };
}

function noteCrash(turn: NodeTurn, { unflushed, outbox, state }: ModelNode): void {
  if (state.leadership !== undefined) turn.reach('leader-crash');
  if (unflushed.some(({ kind }) => kind === 'promise')) turn.reach('crash-before-promise');
  const isOwed = outbox.some(({ message }) => message.kind === 'accepted');
  if (isOwed || unflushed.some(({ kind }) => kind === 'accept')) turn.reach('crash-before-accepted');
}

function noteDelivery(turn: NodeTurn, before: ReplicaState, message: Message): void {
  const after = turn.state;
  const learned = after.learnedSlot > before.learnedSlot;
  const bound = keyOf(after.promised) > keyOf(before.promised);
  switch (message.kind) {
    case 'nack':
      if (isInOffice(before) && !isInOffice(after)) turn.reach('nack');
      return;
    case 'accept': {
      if (bound) turn.reach('bound-by-accept');
      const isChosen =
        message.slot <= before.learnedSlot || before.records.get(message.slot)?.chosen === true;
      if (isChosen && keyOf(message.ballot) >= keyOf(before.promised)) turn.reach('chosen-met-accept');
      if (learned) turn.reach('learned-by-watermark');
      return;
    }
    case 'heartbeat':
      if (bound) turn.reach('bound-by-heartbeat');
      if (learned) turn.reach('learned-by-watermark');
      return;
    case 'learned':
      if (learned) turn.reach('learned-by-watermark');
      return;
    case 'promise': {
      const { leadership } = after;
      if (message.pageCount > 1) turn.reach('paged-promise');
      if (
        before.leadership === undefined &&
        leadership !== undefined &&
        after.learnedSlot < leadership.baseSlot - 1
      )
        turn.reach('leader-behind');
      return;
    }
    case 'read-index-reply':
      if (!message.refused && after.remoteReads.size < before.remoteReads.size)
        turn.reach('remote-read-answered');
      return;
    default:
      return;
  }
}

function isInOffice(state: ReplicaState): boolean {
  return state.leadership !== undefined || state.campaign?.phase === 'prepare';
}

/** What a leader proposes without being asked to comes out of phase 1. */
function noteRecovery(turn: NodeTurn, before: ModelNode, action: Action): void {
  if (action.kind === 'propose') return;
  for (const { value } of turn.past.proposed.slice(before.past.proposed.length)) {
    turn.reach(value.kind === 'noop' ? 'gap-filled' : 'recovered');
  }
}
