/** Mutants of linearizable reads. */
import type { Mutant } from '../mutant.ts';
import { transcript } from './hunts.ts';
import { protocol } from './places.ts';

export const READER_MUTANTS: readonly Mutant[] = [
  {
    id: 'no-read-floor',
    wrong: 'A new leader answers reads before everything that phase 1 revealed is chosen again.',
    seen: 'redisraft pull request 22, Jepsen Redis-Raft: stale reads after an election',
    patches: [
      protocol(
        'reads.ts',
        `return asSlot(Math.max(state.learnedSlot, leadership.readFloor));`,
        `return asSlot(state.learnedSlot);`,
      ),
      protocol(
        'reads.ts',
        `    invariant(read.slot >= leadership.readFloor, 'READ-FLOOR', () => \`read at \${read.slot}, floor \${leadership.readFloor}\`);\n`,
        ``,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'read-without-round',
    wrong: 'A leader answers reads from its own knowledge, without asking a quorum whether it still leads.',
    seen: 'etcd before 2.3, Consul "default" mode: reads served by a leader that had been replaced',
    patches: [
      protocol(
        'reads.ts',
        `  if (!currentMemberships(state).every((membership) => isPhase1Quorum(membership, confirmed))) return;\n`,
        `  if (!confirmed(state.self)) return;\n`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'reads', states: 500000 },
  },
  {
    id: 'read-confirmed-by-old-echo',
    wrong: 'An echo of a heartbeat that was sent before the read arrived confirms the read.',
    seen: 'lease reads measured from the wrong end: jraft pull request 34, TiKV 964',
    patches: [
      protocol(
        'reads.ts',
        `(leadership.peers.get(node)?.echoSequence ?? 0) >= round.sequence;`,
        `(leadership.peers.get(node)?.echoSequence ?? 0) >= 1;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'read-at-follower',
    wrong: 'A follower answers a linearizable read from what it has learned itself.',
    seen: 'pocdb, consens: a read is local and may be stale',
    patches: [
      protocol(
        'reads.ts',
        `    const id = state.nextReadId++;\n    state.remoteReads.set(id, { ticket, askedAt: state.at });\n    state.effects.send(following.leader, { kind: 'read-index-request', id });`,
        `    state.effects.answerRead({ ticket, kind: 'ready', slot: state.learnedSlot });`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'echo-to-deposed-leader',
    wrong: 'A node that promised a higher ballot still echoes the heartbeats of the old leader.',
    seen: 'the reason why read-index demands an equal term in etcd/raft',
    patches: [
      protocol(
        'election.ts',
        `  if (isLower(ballot, state.promised)) {\n    nack(state, from, ballot);\n    return;\n  }\n  if (state.leadership !== undefined && sameBallot`,
        `  if (isLower(ballot, state.promised)) {\n    state.effects.send(from, { kind: 'heartbeat-echo', ballot, sequence: message.sequence, learnedSlot: state.learnedSlot, appliedSlot: state.appliedSlot });\n    return;\n  }\n  if (state.leadership !== undefined && sameBallot`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'reads', states: 500000 },
  },
  {
    id: 'read-id-after-restart',
    wrong:
      "Numbers of read requests begin at 1 again after a restart, so an answer to the last life's request fits this one's.",
    seen: 'this project: found by the simulator before its first release',
    patches: [
      protocol('state.ts', `nextReadId: random.uint32() * 2 ** 16,`, `nextReadId: random.uint32() * 0 + 1,`),
    ],
    hunt: transcript('read answered after a restart'),
  },
];
