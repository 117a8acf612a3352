/**
 * Classic mistakes, planted one at a time, each with a scope in which it shows and the properties that may notice it.
 */
import { ONE_CRASH, type Scope, scopeOf } from '#src/modelcheck/scope.ts';
import type { Patch } from '#src/mutants/patch.ts';

export type PlantedMistake = {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly scope: Scope;
  /** Any of them. */
  readonly noticedBy: readonly string[];
  /** Two values are really chosen within this scope: found by AGREEMENT alone. */
  readonly breaksAgreement?: boolean;
};

const ACCEPTANCE = 'core/protocol/acceptance.ts';
const ACCEPTOR = 'core/protocol/acceptor.ts';
const CAMPAIGN = 'core/protocol/campaign.ts';
const LEARNER = 'core/protocol/learner.ts';
const REPLICATION = 'core/protocol/replication.ts';

const DUEL = scopeOf({ campaigns: [2, 1, 0] });
const DUEL_WITH_CRASH = scopeOf({ campaigns: [2, 1, 0], crashes: [[1, 0, 0]] });

export const MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'counting acknowledgements of an earlier ballot',
    patches: [
      {
        file: REPLICATION,
        find: 'if (leadership === undefined || !sameBallot(message.ballot, leadership.ballot)) return; // SAME-BALLOT-COUNT.',
        replace: 'if (leadership === undefined) return;',
      },
    ],
    scope: DUEL_WITH_CRASH,
    noticedBy: ['LEARN-MATCH'],
  },
  {
    name: 'not being bound by an acceptance',
    patches: [{ file: ACCEPTANCE, find: 'bindTo(state, entry.ballot);', replace: '' }],
    scope: scopeOf({}),
    noticedBy: ['PROMISE-MONO', 'ACCEPT-GE-PROMISE'],
  },
  {
    name: 'forgetting the promise at a restart',
    patches: [
      {
        file: 'core/protocol/state.ts',
        find: 'let promised = recovered.promised;',
        replace: 'let promised = ZERO_BALLOT;',
      },
    ],
    scope: scopeOf({ crashes: ONE_CRASH }),
    noticedBy: ['PROMISE-MONO'],
  },
  {
    name: 'keeping any reported value instead of the one of the highest ballot',
    patches: [
      {
        file: CAMPAIGN,
        find: 'best === undefined || isHigher(entry.ballot, best.ballot)',
        replace: 'best === undefined',
      },
    ],
    scope: DUEL,
    noticedBy: ['SAFE-VALUE'],
    breaksAgreement: true,
  },
  {
    name: 'proposing the own value whatever was reported',
    patches: [
      {
        file: CAMPAIGN,
        find: 'for (const entries of campaign.promises.get(node)?.pages.values() ?? []) entries.forEach(consider);',
        replace: '',
      },
    ],
    scope: scopeOf({}),
    noticedBy: ['SAFE-VALUE'],
    breaksAgreement: true,
  },
  {
    name: 'counting a promise for an earlier ballot',
    patches: [
      {
        file: CAMPAIGN,
        find: "campaign?.phase !== 'prepare' || !sameBallot(campaign.ballot, message.ballot)",
        replace: "campaign?.phase !== 'prepare'",
      },
    ],
    scope: DUEL_WITH_CRASH,
    noticedBy: ['SAFE-VALUE'],
    breaksAgreement: true,
  },
  {
    name: 'promising before it is durable',
    patches: [
      {
        file: ACCEPTOR,
        find: 'state.effects.sendAfter(from, promised, state.effects.lastWrite)',
        replace: 'state.effects.send(from, promised)',
      },
    ],
    scope: scopeOf({ crashes: ONE_CRASH }),
    noticedBy: ['DURABLE-BEFORE-SEND'],
    breaksAgreement: true,
  },
  {
    name: 'acknowledging before it is durable',
    patches: [
      {
        file: ACCEPTANCE,
        find: 'state.effects.sendAfter(ack.ballot.node, accepted, ack.after)',
        replace: 'state.effects.send(ack.ballot.node, accepted)',
      },
    ],
    scope: scopeOf({}),
    noticedBy: ['DURABLE-BEFORE-SEND'],
  },
  {
    name: 'asking for promises before the own one is durable',
    patches: [
      {
        file: CAMPAIGN,
        find: 'const after = campaign.write <= state.durable ? asWriteSequence(0) : campaign.write;',
        replace: 'const after = asWriteSequence(0);',
      },
    ],
    scope: scopeOf({}),
    noticedBy: ['DURABLE-BEFORE-SEND'],
  },
  {
    name: 'counting the own acceptance before it is durable',
    patches: [{ file: REPLICATION, find: 'record.write > state.durable', replace: 'false' }],
    scope: scopeOf({ campaigns: [1, 0, 0], proposals: [2, 0, 0], slots: 2 }),
    noticedBy: ['LEARN-MATCH'],
  },
  {
    name: 'learning by watermark what was accepted at another ballot',
    patches: [
      {
        file: LEARNER,
        find: 'record.slot <= state.watermark.slot && sameBallot(record.ballot, state.watermark.ballot)',
        replace: 'record.slot <= state.watermark.slot',
      },
    ],
    scope: scopeOf({ ticks: [1, 0, 0] }),
    noticedBy: ['LEARN-MATCH'],
  },
  {
    name: 'handing out chosen values that the journal does not hold yet',
    patches: [{ file: LEARNER, find: 'if (after > state.durable) continue;', replace: '' }],
    scope: scopeOf({
      campaigns: [0, 1, 1],
      proposals: [0, 1, 1],
      ticks: [1, 1, 0],
      crashes: [[0, 0, 1]],
      lost: ['heartbeat', 'heartbeat-echo', 'nack'],
    }),
    noticedBy: ['LEARN-MATCH'],
  },
  {
    name: 'answering reads without asking a quorum',
    patches: [
      {
        file: 'core/protocol/reads.ts',
        find: 'node === state.self || (leadership.peers.get(node)?.echoSequence ?? 0) >= round.sequence',
        replace: 'true',
      },
    ],
    scope: scopeOf({ reads: [1, 0, 0], lost: [] }),
    noticedBy: ['READ-LINEARIZABLE'],
  },
];
