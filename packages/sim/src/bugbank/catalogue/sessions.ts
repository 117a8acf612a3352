/** Mutants of sessions, log time and the digest of the history: exactly-once and the same everywhere. */
import type { Mutant } from '../mutant.ts';
import { digestChain, sessionBounds, sessionRecords, sessionTable, testsOf } from './hunts.ts';
import { runtime } from './places.ts';

export const SESSION_MUTANTS: readonly Mutant[] = [
  {
    id: 'trust-raw-stamps',
    wrong: 'Log time is the stamp of the slot, so it goes back when a leader with a slower clock takes over.',
    seen: 'Atomix 982, etcd 12528: clocks of different leaders decide about expiry',
    patches: [
      runtime(
        'session-table.ts',
        `if (stampMs !== undefined && stampMs > this.#logTimeMs)`,
        `if (stampMs !== undefined)`,
      ),
    ],
    hunt: sessionTable,
  },
  {
    id: 'log-time-not-carried',
    wrong: 'A table that is restored starts with log time 0.',
    seen: 'log time that was not carried over a change of leader or a snapshot',
    patches: [runtime('session-table.ts', `table.#logTimeMs = image.logTimeMs;`, ``)],
    hunt: sessionRecords,
  },
  {
    id: 'expire-by-wall',
    wrong: 'Sessions expire by the clock of each node.',
    seen: 'etcd 15247 and 12528, Atomix 982: a stalled node revokes by its own clock',
    patches: [
      runtime(
        'session-table.ts',
        `return this.#logTimeMs - session.lastLogTimeMs > SESSION_TTL_MS;`,
        `return Date.now() - session.lastLogTimeMs > SESSION_TTL_MS;`,
      ),
    ],
    hunt: sessionTable,
  },
  {
    id: 'result-cache-evicted-executes-again',
    wrong: 'A command whose result was too large to keep executes again when it is retried.',
    seen: 'request caches with a bound: hiqlite, zmq-raft and Conclave forget and repeat',
    patches: [
      runtime(
        'session-table.ts',
        `if (kept === 'dropped')\n            return STALE;`,
        `if (kept === 'dropped') {\n this.#executingSessions.push(session);\n this.#executingSequences.push(sequence);\n return EXECUTE;\n }`,
      ),
    ],
    hunt: sessionBounds,
  },
  {
    id: 'acknowledged-executes-again',
    wrong:
      'A late copy of a command that was acknowledged executes a second time, because nothing is kept of it.',
    seen: 'Ratis and others: a retry cache that trims by time',
    patches: [
      runtime('session-table.ts', `if (sequence <= session.ackSequence)\n            return STALE;\n`, ``),
    ],
    hunt: sessionTable,
  },
  {
    id: 'expired-session-executes',
    wrong: 'A command of an expired session opens the session again and executes.',
    seen: 'clients that register again and resend after SESSION_EXPIRED: the first attempt may have taken effect',
    patches: [
      runtime(
        'session-table.ts',
        `if (session === undefined || this.#isExpired(session))\n            return undefined;`,
        `if (session === undefined)\n            return undefined;`,
      ),
    ],
    hunt: sessionBounds,
  },
  {
    id: 'session-results-not-stored',
    wrong: 'Results of earlier slots are left out of the records, so after a restart a retry gets no answer.',
    seen: 'zmq-raft: the ids of requests vanish with compaction and restart',
    patches: [
      runtime(
        'session-record-writer.ts',
        `for (const session of this.#settled)\n            this.#takeResults(session, head.slot, records);`,
        ``,
      ),
    ],
    hunt: sessionRecords,
  },
  {
    id: 'last-results-not-restored',
    wrong:
      'After a crash between storing a slot and answering, the retry of its commands executes them again.',
    seen: 'etcd 13766 and every store that keeps effects and answers apart',
    patches: [
      runtime(
        'session-table.ts',
        `if (session !== undefined && sequence > session.ackSequence)\n                session.kept.begin(sequence, ordinal);`,
        ``,
      ),
    ],
    hunt: sessionRecords,
  },
  {
    id: 'eviction-by-insertion',
    wrong: 'The session that was opened first is evicted, whether it is in use or not.',
    seen: 'Conclave: the oldest request ids go first',
    patches: [
      runtime(
        'session-table.ts',
        `this.#sessions.delete(id);\n        this.#sessions.set(id, session);\n        this.#writer.touched`,
        `this.#writer.touched`,
      ),
    ],
    hunt: sessionBounds,
  },
  {
    id: 'window-forgets-sizes',
    wrong: 'What was acknowledged still counts, so a session that lives long ends for holding too much.',
    seen: 'counters beside a cache that is trimmed elsewhere',
    patches: [runtime('session-window.ts', `this.#bytes -= this.#sizes[place];`, ``)],
    hunt: testsOf('session window', 'core', 'sessions/session-window.test.js'),
  },
  {
    id: 'window-as-long-as-its-span',
    wrong: 'A ring reaches for every sequence, so one small command far ahead takes the memory of thousands.',
    seen: 'arrays that are indexed by a number of the client',
    patches: [
      runtime('session-window.ts', `if (length <= (this.#count + 1) * MAX_SPARSITY)`, `if (length > 0)`),
    ],
    hunt: testsOf('session window', 'core', 'sessions/session-window.test.js'),
  },
  {
    id: 'digest-without-stamp',
    wrong:
      'The digest of the history does not cover the stamps, so nodes with different log times look equal.',
    seen: 'etcd 13766: divergence that no hash covered',
    patches: [
      runtime(
        'digest-chain.ts',
        `view.setFloat64(24, value.kind === 'batch' ? value.stampMs : 0, true);`,
        ``,
      ),
    ],
    hunt: { ...digestChain, only: 'tells slot, kind, stamp and history apart' },
  },
  {
    id: 'digest-forgets-the-past',
    wrong: 'The digest covers the last value only, so a difference heals itself with the next slot.',
    seen: 'checks that compare states now and then instead of histories',
    patches: [
      runtime(
        'digest-chain.ts',
        `view.setUint32(0, previousHigh, true);\n    view.setUint32(4, previousLow, true);`,
        ``,
      ),
      runtime(
        'digest-chain.ts',
        `checksum(header.subarray(PREVIOUS_BYTES), previousHigh)`,
        `checksum(header.subarray(PREVIOUS_BYTES), 0)`,
      ),
    ],
    hunt: { ...digestChain, only: 'differs' },
  },
];
