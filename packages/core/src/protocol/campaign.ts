/**
 * Phase 1: one Prepare for every slot from the first unlearned one on, promises page by page, and the rule that
 * turns a quorum of them into what the new leader must propose.
 *
 * Owns SAFE-VALUE and SAME-BALLOT-COUNT: a promise counts only at the ballot and attempt that asked for it, once all of
 * its pages are there, and our own only once it is durable. Per slot the value of the highest ballot wins; slots that
 * nobody reported below the highest reported one are filled with no-ops.
 * Ref: PMS 2.2 and 3; PMMC 4.2 for what need not be reported.
 */
import { isHigher, maxBallot, nextBallot, sameBallot } from './ballot.ts';
import { becomeLeader } from './leadership.ts';
import { noteLearned } from './learned.ts';
import type { Promise_ } from './message.ts';
import { isPhase1Quorum } from './quorum.ts';
import { electionDelay, forgetLeader, promise, stepDown } from './role.ts';
import {
  type Campaign,
  currentMemberships,
  later,
  nextSlot,
  otherVoters,
  type ReplicaState,
  type SlotEntry,
} from './state.ts';
import { asSlot, asWriteSequence, type NodeId, type Slot } from './types.ts';

type Preparing = Extract<Campaign, { phase: 'prepare' }>;

/** Binds ourselves durably to a fresh ballot and asks the others. */
export function startPrepare(state: ReplicaState): void {
  const ballot = nextBallot(maxBallot(state.promised, state.highestSeen), state.self);
  state.campaign = undefined;
  if (state.following !== undefined) forgetLeader(state);
  // Durable before any Prepare leaves: a restart must never campaign with this ballot again.
  const write = promise(state, ballot);
  state.campaign = {
    phase: 'prepare',
    ballot,
    fromSlot: nextSlot(state.learnedSlot),
    write,
    attempt: 1,
    resendAt: later(state.at, state.limits.resendMs),
    deadline: later(state.at, state.limits.electionTimeoutMs),
    promises: new Map(),
  };
  state.effects.noteRoleChange();
  sendPrepares(state, state.campaign as Preparing);
}

function sendPrepares(state: ReplicaState, campaign: Preparing): void {
  const { ballot, fromSlot, attempt } = campaign;
  for (const node of otherVoters(state)) {
    if (isComplete(campaign, node)) continue;
    const after = campaign.write <= state.durable ? asWriteSequence(0) : campaign.write;
    state.effects.sendAfter(node, { kind: 'prepare', ballot, fromSlot, attempt }, after);
  }
}

export function onPromise(state: ReplicaState, from: NodeId, message: Promise_): void {
  noteLearned(state, from, message.learnedSlot);
  const campaign = state.campaign;
  if (campaign?.phase !== 'prepare' || !sameBallot(campaign.ballot, message.ballot)) return;
  if (message.attempt > campaign.attempt || isComplete(campaign, from)) return;
  let progress = campaign.promises.get(from);
  if (progress === undefined || progress.attempt < message.attempt) {
    progress = {
      attempt: message.attempt,
      answer: message.answer,
      pageCount: message.pageCount,
      pages: new Map(),
      learnedSlot: message.learnedSlot,
    };
    campaign.promises.set(from, progress);
  }
  // Pages of another answer: what the acceptor had learned may have moved between the two, and the cuts with it.
  if (progress.answer !== message.answer || progress.pageCount !== message.pageCount) return;
  progress.pages.set(message.page, message.entries);
  concludeCampaign(state);
}

function isComplete(campaign: Preparing, node: NodeId): boolean {
  const progress = campaign.promises.get(node);
  return progress !== undefined && progress.pages.size === progress.pageCount;
}

/** Called when a promise came in or our own became durable. */
export function concludeCampaign(state: ReplicaState): void {
  const campaign = state.campaign;
  if (campaign?.phase !== 'prepare') return;
  const promised = (node: NodeId): boolean =>
    node === state.self ? campaign.write <= state.durable : isComplete(campaign, node);
  if (!currentMemberships(state).every((membership) => isPhase1Quorum(membership, promised))) return;
  const complete = [...campaign.promises.keys()].filter((node) => isComplete(campaign, node));
  let chosenThrough: number = state.learnedSlot;
  for (const node of complete)
    chosenThrough = Math.max(chosenThrough, campaign.promises.get(node)?.learnedSlot ?? 0);
  const recovered = new Map<Slot, SlotEntry>();
  const consider = (entry: SlotEntry): void => {
    if (entry.slot <= chosenThrough) return;
    const best = recovered.get(entry.slot);
    if (best === undefined || isHigher(entry.ballot, best.ballot)) recovered.set(entry.slot, entry);
  };
  for (const record of state.records.values()) consider(record);
  for (const node of complete) {
    for (const entries of campaign.promises.get(node)?.pages.values() ?? []) entries.forEach(consider);
  }
  let readFloor = chosenThrough;
  for (const slot of recovered.keys()) readFloor = Math.max(readFloor, slot);
  state.campaign = undefined;
  becomeLeader(state, {
    ballot: campaign.ballot,
    chosenThrough: asSlot(chosenThrough),
    readFloor: asSlot(readFloor),
    recovered,
    promisers: complete,
  });
}

export function tickCampaign(state: ReplicaState): void {
  const campaign = state.campaign;
  if (campaign === undefined) return;
  if (state.at >= campaign.deadline) {
    // Nobody promised the ballot of a pre-vote: it may be asked for again, so that a node that is cut off for hours does
    // not count up. The ballot of a Prepare was promised here.
    stepDown(state);
    // Short and random: two candidates that blocked each other drift apart at once.
    state.electionDeadline = electionDelay(state, 0.1, 0.6);
    return;
  }
  if (campaign.phase !== 'prepare' || state.at < campaign.resendAt) return;
  campaign.resendAt = later(state.at, state.limits.resendMs);
  campaign.attempt += 1;
  sendPrepares(state, campaign);
}
