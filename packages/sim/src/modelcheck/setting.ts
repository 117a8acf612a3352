/**
 * What stays the same during a search: the protocol, the scope, and how the model does without time and chance.
 *
 * Time stands still at zero. What real time only repeats (resends, heartbeats, requests for chosen values) is due at
 * once, at the next tick; what real time ends (campaigns, leaderships, liveness of leaders) never ends by itself but by
 * an explicit `expire`. So no path depends on a duration, and every order that some durations allow is searched.
 */
import type {
  Ballot,
  MonotonicMs,
  NodeId,
  Output,
  ProtocolLimits,
  Random,
  ReplicaState,
} from '@quorate/core/protocol';
import type { Protocol } from './protocol.ts';
import type { PerNode, Scope } from './scope.ts';

/** Long enough that nothing ends by itself; small enough that sums stay exact. */
const NEVER_MS = 2 ** 40;
const AMPLE = 2 ** 30;

/** `full`: the reductions of reduction.ts. `none`: every order of everything, for small scopes and for comparison. */
export type Reduction = 'none' | 'full';

export type Setting = {
  readonly protocol: Protocol;
  readonly scope: Scope;
  readonly reduction: Reduction;
  /** Properties that count; all of them when left out. */
  readonly noticed: ReadonlySet<string> | undefined;
  readonly voters: readonly NodeId[];
  readonly limits: ProtocolLimits;
  readonly now: MonotonicMs;
  /** A time at which every campaign and leadership is over. */
  readonly later: MonotonicMs;
  /** A generator whose every draw is `choice` of its range. */
  randomOf(choice: number): Random;
};

export function settingOf(
  protocol: Protocol,
  scope: Scope,
  reduction: Reduction = 'full',
  noticed?: readonly string[],
): Setting {
  class Scripted extends protocol.Random {
    readonly #choice: number;
    constructor(choice: number) {
      super([1, 2, 3, 4]);
      this.#choice = choice;
    }
    override uint32(): number {
      return Math.floor(this.#choice * 2 ** 32);
    }
  }
  return {
    protocol,
    scope,
    reduction,
    noticed: noticed && new Set(noticed),
    voters: [1, 2, 3].map(protocol.asNodeId),
    limits: limitsOf(scope),
    now: protocol.asMonotonicMs(0),
    later: protocol.asMonotonicMs(NEVER_MS * 2),
    randomOf: (choice) => new Scripted(choice),
  };
}

function limitsOf(scope: Scope): ProtocolLimits {
  return {
    windowSlots: scope.windowSlots,
    windowBytes: AMPLE,
    heartbeatMs: 0,
    electionTimeoutMs: NEVER_MS,
    resendMs: 0,
    pageBytes: scope.pageBytes,
    catchUpSlots: 4,
    maxWaitingReads: AMPLE,
  };
}

/** The number of this node in a triple such as `scope.campaigns`. */
export function boundOf(bounds: PerNode, node: NodeId): number {
  return bounds[node - 1] ?? 0;
}

/**
 * Brings a state back to time zero after a step. Also undoes what only time would undo and what only decides when
 * something happens: a request for chosen values that is under way (time would give it up), whom to ask first, and
 * whether a follower still believes its leader to be alive (time would end that). All of these only keep a node from
 * doing what the model lets it do at any time.
 */
export function forgetTime(setting: Setting, state: ReplicaState): void {
  const { now } = setting;
  state.at = now;
  state.lastTickAt = now;
  state.probeAt = now;
  state.electionDeadline = setting.later;
  state.catchUp = undefined;
  state.silentPeers.clear();
  // So that a heartbeat is heard whenever it comes: one that comes late does what its first copy did.
  state.newestHeartbeat = { ballot: setting.protocol.ZERO_BALLOT, sequence: 0 };
  state.behindSince = undefined;
  if (state.following !== undefined) {
    state.following.lastHeardAt = now;
    state.following.connected = false;
  }
  // Time would end this too. Only reads need a leader to ask.
  if (boundOf(setting.scope.reads, state.self) === 0) state.following = undefined;
  // A follower may ask anybody at any tick; only who leads, or is about to, asks those who are known to be ahead.
  const isInOffice = state.campaign !== undefined || state.leadership !== undefined;
  if (!isInOffice || boundOf(setting.scope.ticks, state.self) === 0) state.peerLearned.clear();
}

/**
 * Promises carry a random number so that the pages of two answers are told apart. Here it is made from what the
 * answer says: equal answers are equal messages, different ones stay different.
 */
export function nameAnswers(output: Output): Output {
  if (!output.send.some(({ message }) => message.kind === 'promise' && message.pageCount > 1))
    return nameAlike(output, () => 0);
  const texts = new Map<NodeId, string>();
  for (const { to, message } of output.send) {
    if (message.kind === 'promise')
      texts.set(to, `${texts.get(to) ?? ''}/${message.learnedSlot}:${message.entries.map(entryText).join()}`);
  }
  return nameAlike(output, (to) => hashOf(texts.get(to) ?? ''));
}

function nameAlike(output: Output, nameOf: (to: NodeId) => number): Output {
  if (!output.send.some(({ message }) => message.kind === 'promise')) return output;
  const send = output.send.map((outgoing) =>
    outgoing.message.kind === 'promise'
      ? { ...outgoing, message: { ...outgoing.message, answer: nameOf(outgoing.to) } }
      : outgoing,
  );
  return { ...output, send };
}

function entryText({ slot, ballot }: { readonly slot: number; readonly ballot: Ballot }): string {
  return `${slot}@${ballot.round}.${ballot.node}`;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
