/** Mutants of learning, catch-up and delivery. */
import type { Mutant } from '../mutant.ts';
import { testsOf, transcript } from './hunts.ts';
import { protocol } from './places.ts';

export const LEARNER_MUTANTS: readonly Mutant[] = [
  {
    id: 'watermark-learn-old-ballot',
    wrong:
      "A follower learns whatever it holds below the leader's watermark, also values of an older ballot.",
    seen: 'the classical bug of Multi-Paxos implementations: "committed up to" says nothing about which value',
    patches: [
      protocol(
        'learner.ts',
        `const taught = record.slot <= state.watermark.slot && sameBallot(record.ballot, state.watermark.ballot);`,
        `const taught = record.slot <= state.watermark.slot;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 300 },
  },
  {
    id: 'learn-hole',
    wrong:
      'A node asks only for what lies above everything that it holds, and then goes on over the hole that is left.',
    seen: 'ZooKeeper 4925: an optimisation left a hole in the committed log in memory, and the hole was served to other nodes',
    patches: [
      protocol(
        'learner.ts',
        `    const record = state.records.get(nextSlot(state.learnedSlot));`,
        `    const chosen = [...state.records.values()].filter((held) => held.chosen).map((held) => held.slot);\n    const record = state.records.get(nextSlot(state.learnedSlot)) ?? state.records.get(Math.min(...chosen));`,
      ),
      protocol(
        'learned.ts',
        `  invariant(entry.slot === state.learnedSlot + 1, 'ORDER', () => \`slot \${entry.slot} learned after \${state.learnedSlot}\`);\n`,
        ``,
      ),
      protocol(
        'learner.ts',
        `const fromSlot = nextSlot(state.learnedSlot);`,
        `const fromSlot = nextSlot(Math.max(state.learnedSlot, ...state.records.keys()));`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'catch-up-of-a-value-not-flushed',
    wrong:
      'Chosen slots are read for a peer before the write that holds the chosen value is durable, so an older value is served.',
    seen: 'this project: found by the simulator before its first release',
    patches: [protocol('learner.ts', `    if (after > state.durable) continue;\n`, ``)],
    hunt: transcript('catch up of a value not flushed'),
  },
  {
    id: 'leader-learns-from-others',
    wrong:
      'A leader takes over from others what it has itself proposed, and so counts what it never counted.',
    seen: "a deposed leader that answers its clients from its successor's log",
    patches: [
      protocol(
        'learner.ts',
        `if (mine || !(record.chosen || taught)) break;`,
        `if (!(record.chosen || taught)) break;`,
      ),
      protocol(
        'learner.ts',
        `  if (state.leadership !== undefined && entry.slot >= state.leadership.baseSlot) return; // See \`advance\`.\n`,
        ``,
      ),
    ],
    hunt: testsOf('protocol tests', 'core', 'protocol/own-proposals.test.js'),
  },
  {
    id: 'backend-mark-adopted',
    wrong: 'A backend that is ahead of its journal makes the node believe that it has learned that far.',
    seen: 'this project, and rqlite 2747: nothing ties the two things together',
    patches: [
      protocol(
        'state.ts',
        `  const { learnedSlot } = recovered;`,
        `  const learnedSlot = asSlot(Math.max(recovered.learnedSlot, boot.appliedSlot));`,
      ),
    ],
    hunt: transcript('backend ahead of journal'),
  },
  {
    id: 'deliver-again-after-restart',
    wrong: 'Slots that a durable backend had applied before a crash are delivered to it again.',
    seen: 'etcd 13766: the index of what was applied and what was applied were stored apart',
    patches: [
      protocol(
        'state.ts',
        `deliveredAtStart: asSlot(Math.max(learnedSlot, boot.appliedSlot)),`,
        `deliveredAtStart: learnedSlot,`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'no-catch-up-from-followers',
    wrong: 'A node that cannot reach the leader asks nobody else for what it missed.',
    seen: 'partial partitions (Nifty, OSDI 2020): a node that one neighbour can help stays behind',
    patches: [
      protocol(
        'learner.ts',
        `  const candidates = ahead.length > 0 ? ahead : others;`,
        `  const candidates = others.filter((node) => node === state.following?.leader);`,
      ),
      protocol(
        'learner.ts',
        `  const to = reachable[state.random.below(Math.max(1, reachable.length))];`,
        `  const to = reachable.find((node) => node === state.following?.leader);`,
      ),
    ],
    hunt: transcript('chain follows through the middle'),
  },
];
