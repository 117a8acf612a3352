/** Mutants of elections: who may disturb whom, and who must give up. They cost availability, not agreement. */
import type { Mutant } from '../mutant.ts';
import { engineTests, transcript } from './hunts.ts';
import { protocol } from './places.ts';

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    id: 'no-checkquorum',
    wrong:
      'A leader that hears no quorum any more goes on leading, and keeps those who still hear it from electing another.',
    seen: 'Cloudflare 2020-11-02: a switch that failed in part made etcd unavailable for hours',
    patches: [
      protocol(
        'leadership.ts',
        `if (!hasQuorumOfEchoes(state, leadership)) {`,
        `if (leadership.heartbeatSequence < 0) {`,
      ),
    ],
    hunt: { tool: 'graph sweep', cases: 400 },
  },
  {
    id: 'log-recency-vote',
    wrong: 'A vote is refused to whoever has learned less, so the one node that could lead may not.',
    seen: 'Raft under the constrained-election scenario of Omni-Paxos (EuroSys 2023)',
    patches: [
      protocol(
        'election.ts',
        `const granted = isHigher(message.ballot, state.promised) && !leading && !isLeaderLive(state);`,
        `const granted = isHigher(message.ballot, state.promised) && !leading && !isLeaderLive(state) && (state.peerLearned.get(from) ?? 0) >= state.learnedSlot;`,
      ),
    ],
    hunt: { tool: 'graph sweep', cases: 1500 },
  },
  {
    id: 'no-pre-vote',
    wrong:
      'Who hears no leader campaigns at once, without asking, and deposes a leader that the others hear well.',
    seen: 'Raft without pre-vote; ZooKeeper and etcd in the Cloudflare outage: endless elections',
    patches: [
      protocol(
        'election.ts',
        `    state.electionDeadline = electionDelay(state, 1, 2);\n    startPreVote(state);\n`,
        `    state.electionDeadline = electionDelay(state, 1, 2);\n    startPrepare(state);\n`,
      ),
    ],
    hunt: { tool: 'graph sweep', cases: 400 },
  },
  {
    id: 'vote-while-leader-lives',
    wrong:
      'A pre-vote is granted although the voter hears a live leader, so one broken link deposes it again and again.',
    seen: 'the chained scenario of Omni-Paxos; Raft dissertation 4.2.3 on disruptive servers',
    patches: [
      protocol(
        'election.ts',
        `const granted = isHigher(message.ballot, state.promised) && !leading && !isLeaderLive(state);`,
        `const granted = isHigher(message.ballot, state.promised) && !leading;`,
      ),
    ],
    hunt: { tool: 'graph sweep', cases: 400 },
  },
  {
    id: 'late-heartbeat-is-a-sign-of-life',
    wrong: 'A heartbeat that comes late, or twice, keeps a leader alive that is long gone.',
    seen: 'this project: found by the simulator before its first release',
    patches: [
      protocol(
        'election.ts',
        `if (sameBallot(newestHeartbeat.ballot, ballot) && message.sequence <= newestHeartbeat.sequence) return;`,
        ``,
      ),
    ],
    hunt: transcript('late heartbeat is no sign of life'),
  },
  {
    id: 'handed-to-and-fro',
    wrong:
      'Two leaders whose stores are away hand leadership to each other for ever, past a third one that could serve.',
    seen: 'this project: the freshest echo decided, and echoes are equally fresh',
    patches: [
      protocol(
        'leadership.ts',
        `[Number(isHeard), peer.appliedSlot, Number(node > state.self), -Number(node)]`,
        `[peer.echoAt, -Number(node)]`,
      ),
    ],
    hunt: engineTests('unwell-leader'),
  },
];
