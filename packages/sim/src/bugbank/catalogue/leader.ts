/** Mutants of the leader: what it counts, how far it runs ahead, and when it must stop. */
import type { Mutant } from '../mutant.ts';
import { protocol } from './places.ts';

export const LEADER_MUTANTS: readonly Mutant[] = [
  {
    id: 'self-vote-early',
    wrong: 'The leader counts its own acceptance before its own flush is done.',
    seen: 'etcd 14370: a single-node cluster acknowledged writes before its log was flushed',
    patches: [
      protocol(
        'replication.ts',
        `node === state.self ? slot <= leadership.ownThroughSlot : covers(`,
        `node === state.self || covers(`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'count-mixed-ballots',
    wrong: 'Acknowledgements of an earlier ballot of the same leader count for the present one.',
    seen: 'LogCabin 44 and Raft figure 8: an entry of an older term was counted as committed',
    patches: [
      protocol(
        'replication.ts',
        `  if (leadership === undefined || !sameBallot(message.ballot, leadership.ballot)) return; // SAME-BALLOT-COUNT.`,
        `  if (leadership === undefined) return;`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'duel', states: 500000 },
  },
  {
    id: 'choose-at-first-acknowledgement',
    wrong: 'One acknowledgement besides its own is enough for the leader, whatever the number of nodes.',
    seen: 'asynchronous replication that calls itself semi-synchronous',
    patches: [
      protocol(
        'replication.ts',
        `if (!isPhase2Quorum(state.memberships.at(slot), accepted)) break;`,
        `if (state.memberships.at(slot).voters.filter(accepted).length < Math.min(2, state.memberships.at(slot).voters.length)) break;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'window-ignored',
    wrong:
      'A leader proposes without regard to the window, which is also the distance at which a membership change takes effect.',
    seen: 'implementations of the alpha window that check it at the client and not at the proposal',
    patches: [
      protocol(
        'replication.ts',
        `  if (leadership.proposedSlot >= state.learnedSlot + state.limits.windowSlots) return false;\n`,
        ``,
      ),
      protocol(
        'replication.ts',
        `  invariant(slot <= state.learnedSlot + state.limits.windowSlots, 'WINDOW', () => \`slot \${slot}, learned \${state.learnedSlot}\`);\n`,
        ``,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'promised-but-leading',
    wrong: 'A leader that promises a higher ballot goes on leading at its own.',
    seen: 'Redis Sentinel and others: the old master learns of its successor and goes on accepting writes',
    patches: [
      protocol(
        'role.ts',
        `if (state.leadership !== undefined || state.campaign !== undefined) stepDown(state);`,
        `if (state.campaign !== undefined) stepDown(state);`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'lead-without-recovery',
    wrong: 'A new leader takes commands into slots that phase 1 revealed, before they are proposed again.',
    seen: 'redisraft pull request 22 and Jepsen Redis-Raft: work began before the new term was established',
    patches: [
      protocol(
        'replication.ts',
        `  while (leadership.proposedSlot < leadership.readFloor && hasRoom(state, leadership)) {`,
        `  while (leadership.proposedSlot < leadership.readFloor && leadership.proposedSlot < state.learnedSlot && hasRoom(state, leadership)) {`,
      ),
      protocol(
        'replication.ts',
        `  return leadership.proposedSlot >= leadership.readFloor && hasRoom(state, leadership);`,
        `  return hasRoom(state, leadership);`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'no-resend',
    wrong: 'An accept that was lost is never sent again.',
    seen: 'implementations that trust TCP to deliver across reconnects',
    patches: [
      protocol(
        'replication.ts',
        `    if (state.at - peer.progressAt < state.limits.resendMs) continue;\n`,
        `    if (peer.progressAt >= 0) continue;\n`,
      ),
      protocol(
        'leadership.ts',
        `  sendHeartbeats(state, leadership);\n  resendTo(state, leadership, peer, progress);`,
        `  sendHeartbeats(state, leadership);`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
];
