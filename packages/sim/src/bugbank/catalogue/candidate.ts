/** Mutants of phase 1: ballots, promises and what a new leader makes of them. */
import type { Mutant } from '../mutant.ts';
import { transcript } from './hunts.ts';
import { protocol } from './places.ts';

export const CANDIDATE_MUTANTS: readonly Mutant[] = [
  {
    id: 'count-stale-promise',
    wrong: 'A promise given to an earlier ballot completes the quorum of a later one.',
    seen: 'MyPaxos 18: a stale PrepareResponse decided two values',
    patches: [
      protocol(
        'campaign.ts',
        `if (campaign?.phase !== 'prepare' || !sameBallot(campaign.ballot, message.ballot)) return;`,
        `if (campaign?.phase !== 'prepare') return;`,
      ),
      protocol(
        'campaign.ts',
        `if (message.attempt > campaign.attempt || isComplete(campaign, from)) return;`,
        `if (isComplete(campaign, from)) return;`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'duel', states: 500000 },
  },
  {
    id: 'ballot-reuse',
    wrong:
      "A Prepare leaves before the candidate's own promise is durable, so a restart may use the ballot again.",
    seen: 'phxpaxos 145: a restarted proposer may reuse its ballot',
    patches: [
      protocol(
        'campaign.ts',
        `const after = campaign.write <= state.durable ? asWriteSequence(0) : campaign.write;`,
        `const after = asWriteSequence(0);`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'one-ballot-for-all-leaders',
    wrong: 'Ballots are compared by their round alone, so two leaders of one round believe that they own it.',
    seen: 'paxuby: every leader uses ballot 0',
    patches: [
      protocol(
        'ballot.ts',
        `return left.round !== right.round ? left.round - right.round : left.node - right.node;`,
        `return left.round - right.round;`,
      ),
      protocol(
        'ballot.ts',
        `return left.round === right.round && left.node === right.node;`,
        `return left.round === right.round;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'no-value-adoption',
    wrong: 'A new leader fills every open slot with a no-op instead of the value that phase 1 revealed.',
    seen: 'consens: no accepted value is adopted',
    patches: [protocol('replication.ts', `leadership.recovered.get(slot)?.value ?? NOOP`, `NOOP`)],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'first-reported-value-wins',
    wrong: 'Of several values reported for a slot the first one wins, not the one of the highest ballot.',
    seen: 'a classic misreading of Paxos Made Simple 2.2',
    patches: [
      protocol(
        'campaign.ts',
        `if (best === undefined || isHigher(entry.ballot, best.ballot)) recovered`,
        `if (best === undefined) recovered`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'duel', states: 500000 },
  },
  {
    id: 'own-acceptance-ignored',
    wrong: 'A candidate forgets that it is an acceptor too and leaves its own values out of phase 1.',
    seen: 'toy implementations that treat the leader as a proposer only',
    patches: [
      protocol('campaign.ts', `  for (const record of state.records.values()) consider(record);\n`, ``),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'promise-page-incomplete',
    wrong: 'A promise counts as soon as its first page is there.',
    seen: 'the family of "snapshot or promise accepted without its digest"',
    patches: [
      protocol(
        'campaign.ts',
        `return progress !== undefined && progress.pages.size === progress.pageCount;`,
        `return progress !== undefined && progress.pages.size > 0;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'promise-pages-mixed',
    wrong:
      'Pages of two answers to one Prepare are put together, although the acceptor learned something in between.',
    seen: 'this project, before answers were numbered',
    patches: [
      protocol(
        'campaign.ts',
        `if (progress.answer !== message.answer || progress.pageCount !== message.pageCount) return;`,
        `if (progress.pageCount !== message.pageCount) return;`,
      ),
    ],
    hunt: transcript('promise pages of two answers'),
  },
  {
    id: 'quorum-off-by-one',
    wrong:
      'Half of the nodes, rounded up, count as a quorum: of four nodes two pairs can decide without each other.',
    seen: 'paxos_kv: nodes are counted and not identified, so two majorities may exist',
    patches: [
      protocol(
        'quorum.ts',
        `export function phase1Size(membership) {
    return Math.floor(membership.voters.length / 2) + 1;`,
        `export function phase1Size(membership) {
    return Math.ceil(membership.voters.length / 2);`,
      ),
      protocol(
        'quorum.ts',
        `export function phase2Size(membership) {
    return Math.floor(membership.voters.length / 2) + 1;`,
        `export function phase2Size(membership) {
    return Math.ceil(membership.voters.length / 2);`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'quorum-of-the-reachable',
    wrong: 'A majority of the nodes that can be reached counts as a quorum.',
    seen: 'every split brain since the first fail-over script',
    patches: [
      protocol(
        'campaign.ts',
        `if (!currentMemberships(state).every((membership) => isPhase1Quorum(membership, promised))) return;`,
        `const reachable = { voters: currentMemberships(state).flatMap(({ voters }) => voters.filter((node) => !state.unreachable.has(node))) };\n  if (!isPhase1Quorum(reachable, promised)) return;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'duplicate-promise-counted',
    wrong: 'Promises are counted as they come, so one that the network delivers twice counts twice.',
    seen: 'pocdb: promises are counted without a check for duplicates',
    patches: [
      protocol(
        'campaign.ts',
        `  progress.pages.set(message.page, message.entries);\n`,
        `  progress.pages.set(message.page, message.entries);\n  Object.assign(campaign, { votes: (campaign.votes ?? 0) + 1 });\n`,
      ),
      protocol(
        'campaign.ts',
        `if (message.attempt > campaign.attempt || isComplete(campaign, from)) return;`,
        `if (message.attempt > campaign.attempt) return;`,
      ),
      protocol(
        'campaign.ts',
        `if (!currentMemberships(state).every((membership) => isPhase1Quorum(membership, promised))) return;`,
        `const votes = campaign.votes ?? 0;\n  if (!currentMemberships(state).every((membership) => (promised(state.self) ? 1 : 0) + votes > membership.voters.length / 2)) return;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
];
