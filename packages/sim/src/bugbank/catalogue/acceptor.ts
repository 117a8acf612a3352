/** Mutants of the acceptor: what it may forget, whom it may still listen to, and when it may speak. */
import type { Mutant } from '../mutant.ts';
import { protocol } from './places.ts';

export const ACCEPTOR_MUTANTS: readonly Mutant[] = [
  {
    id: 'ack-memory-on-heartbeat',
    wrong:
      'An accept that comes a second time is acknowledged at once, from memory, while its first write is still under way.',
    seen: 'YugabyteDB 32875 (from Kudu, 2016): replies to empty and repeated requests acknowledged operations that were only in memory',
    patches: [
      protocol(
        'acceptance.ts',
        `  if (slot > ack.highestSlot) ack.highestSlot = slot;\n`,
        `  const repeated = slot <= ack.highestSlot;\n  if (slot > ack.highestSlot) ack.highestSlot = slot;\n`,
      ),
      protocol(
        'acceptance.ts',
        `  ack.after = state.effects.lastWrite;\n  ack.dirty = true;`,
        `  ack.after = repeated ? 0 : state.effects.lastWrite;\n  ack.dirty = true;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'promise-before-content',
    wrong: 'A promise leaves before it and the acceptances that it reveals are durable.',
    seen: 'ZooKeeper 3911, 4643, 4646, 4785: an epoch was acknowledged before the transactions it certified were synced',
    patches: [
      protocol(
        'acceptor.ts',
        `state.effects.sendAfter(from, promised, state.effects.lastWrite);`,
        `state.effects.send(from, promised);`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'no-raise-on-accept',
    wrong:
      'Accepting does not bind: after an accept at a higher ballot an older leader is still listened to.',
    seen: 'Published Paxos pseudo-code and Cassandra (pull request 1327): the promise was not raised at accept',
    patches: [protocol('acceptance.ts', `  bindTo(state, entry.ballot);\n  const write`, `  const write`)],
    hunt: { tool: 'model checker', scope: 'duel', states: 500000 },
  },
  {
    id: 'single-ballot-var',
    wrong:
      'One variable serves as "promised" and as "accepted at": phase 1 reports values under the ballot that was last promised.',
    seen: 'EPaxos (Sutra 2019): specification and code used one ballot for both',
    patches: [
      protocol(
        'acceptor.ts',
        `page.push({ slot: record.slot, ballot: record.ballot, value: record.value });`,
        `page.push({ slot: record.slot, ballot: state.promised, value: record.value });`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'duel', states: 500000 },
  },
  {
    id: 'accept-below-promise',
    wrong: 'An acceptor that promised a higher ballot still accepts at a lower one.',
    seen: 'consens and many toy implementations: the number is checked in phase 1 and not in phase 2',
    patches: [
      protocol(
        'acceptor.ts',
        `  if (isLower(ballot, state.promised)) {\n    nack(state, from, ballot);\n    return;\n  }\n  if (state.leadership`,
        `  if (state.leadership`,
      ),
      protocol(
        'acceptance.ts',
        `  invariant(!isLower(entry.ballot, state.promised), 'ACCEPT-GE-PROMISE', () => \`slot \${entry.slot}\`);\n  bindTo(state, entry.ballot);\n`,
        `  if (!isLower(entry.ballot, state.promised)) bindTo(state, entry.ballot);\n`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'duel', states: 500000 },
  },
  {
    id: 'latest-prepare-wins',
    wrong: 'An acceptor binds itself to whatever Prepare came last, also to a lower ballot than before.',
    seen: 'consens: a prepare with an older number is refused only when a value was written before',
    patches: [
      protocol(
        'acceptor.ts',
        `if (isLower(ballot, state.promised)) {
          nack(state, from, ballot);
          return;
        }
        // A repeated`,
        `if (isLower(ballot, state.promised)) {
          state.promised = ballot;
          state.effects.persistPromise(ballot);
        }
        // A repeated`,
      ),
    ],
    hunt: { tool: 'model checker', scope: 'duel', states: 500_000 },
  },
  {
    id: 'ack-any-ballot',
    wrong: 'A cumulative acknowledgement also covers slots that are held at an older ballot.',
    seen: 'CCF 5674, Raft figure 8 and LogCabin 44: an unverified or older suffix was counted as accepted now',
    patches: [
      protocol(
        'acceptance.ts',
        `record.chosen || sameBallot(record.ballot, ballot)`,
        `record.chosen || ballot`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'ack-last-slot',
    wrong: 'The acknowledgement says "my last slot" and so covers accepts that were lost on the way.',
    seen: 'CCF 5674: a follower acknowledged the end of its log',
    patches: [
      protocol(
        'acceptance.ts',
        `    throughSlot: ack.throughSlot,\n    ranges: acceptedRanges(state),`,
        `    throughSlot: ack.highestSlot,\n    ranges: [],`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'success-by-comparing-values',
    wrong:
      'A slot that already holds the same value counts as accepted at the new ballot, although nothing was written.',
    seen: 'pocdb: success is decided by comparing values',
    patches: [
      protocol(
        'acceptance.ts',
        `if (held !== undefined && sameBallot(held.ballot, entry.ballot)) {`,
        `if (held !== undefined && sameValue(held.value, entry.value)) {
          if (isHigher(entry.ballot, state.promised)) promise(state, entry.ballot);
          state.records.set(entry.slot, { ...held, ballot: entry.ballot });
          return held.write;
        }
        if (held !== undefined && sameBallot(held.ballot, entry.ballot)) {`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'accept-over-learned',
    wrong: 'A late accept puts a slot back that was learned and handed to the backend.',
    seen: 'pocdb: an older value overwrites a newer one, because learning does not look at the version',
    patches: [
      protocol('acceptor.ts', `  if (slot > state.learnedSlot) acceptValue(`, `  if (slot > 0) acceptValue(`),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'execute-at-accept',
    wrong: 'A follower learns, and applies, a value when it accepts it.',
    seen: 'paxuby: a command is executed at accept time, before it is chosen',
    patches: [
      protocol(
        'learner.ts',
        `const taught = record.slot <= state.watermark.slot && sameBallot(record.ballot, state.watermark.ballot);`,
        `const taught = record.write > 0;`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'vote-with-empty-memory',
    wrong: 'A restarted acceptor starts without the promise that its journal holds.',
    seen: 'paxos_kv: a restarted acceptor votes with an empty memory',
    patches: [protocol('state.ts', `let promised = recovered.promised;`, `let promised = ZERO_BALLOT;`)],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
  {
    id: 'forget-accepted-on-restart',
    wrong: 'A restarted acceptor keeps its promise and forgets what it had accepted.',
    seen: 'RethinkDB 2.2.3 (Jepsen): a node came back with an empty log under its old name',
    patches: [
      protocol(
        'state.ts',
        `if (slot > learnedSlot) records.set(`,
        `if (slot > learnedSlot && chosen) records.set(`,
      ),
    ],
    hunt: { tool: 'simulator', seeds: 1000 },
  },
];
