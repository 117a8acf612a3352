/** Mutants of how a node treats its store: replaying, opening again, fencing, believing what it says. */
import type { Mutant } from '../mutant.ts';
import { engineTests, testsOf } from './hunts.ts';
import { runtime, server } from './places.ts';

const once = engineTests('once');
const reads = engineTests('reads');

export const STORE_MUTANTS: readonly Mutant[] = [
  {
    id: 'log-not-replayed',
    wrong: 'A restarted node does not apply what its log holds; the state in memory begins empty.',
    seen: 'paxuby: the state machine is in memory and is never rebuilt from the log',
    patches: [
      runtime(
        'applier.ts',
        `this.#source.raise(slot);
        this.pump();`,
        `if (slot > this.#source.target) {
            this.#source.raise(slot);
            this.#mark = { ...this.#mark, slot };
        }
        this.pump();`,
      ),
    ],
    hunt: once,
  },
  {
    id: 'store-trouble-becomes-result',
    wrong:
      'A store that cannot be reached becomes an answer, and the slot counts as applied on this node alone.',
    seen: 'rqlite 536: a node whose apply fails while the others succeed diverges',
    patches: [
      runtime(
        'store-attempts.ts',
        `this.#tryAgain(planned, error.message);`,
        `host.onResults(planned, planned.batch.commands.map(() => ({ ok: false, code: 'TROUBLE', message: messageOf(error) })));`,
      ),
    ],
    hunt: once,
  },
  {
    id: 'apply-marker-early',
    wrong: 'The mark moves when a batch is handed to the store, before its effects are there.',
    seen: 'etcd 13766, post-mortem of v3.5: the consistent index was saved before the data',
    patches: [
      runtime(
        'applier.ts',
        `this.#attempts.begin(planned);`,
        `this.#mark = planned.batch.next;
        this.#options.handlers.onApplied(planned.batch.slot);
        for (const query of this.#queries.takeReady(planned.batch.slot)) void query.run();
        this.#attempts.begin(planned);`,
      ),
    ],
    hunt: reads,
  },
  {
    id: 'other-history-accepted',
    wrong: 'A store that comes back with another history under the same mark goes on as if it were ours.',
    seen: 'Redis after a fail-over that lost writes; MySQL replicas with errant transactions',
    patches: [
      runtime(
        'applier.ts',
        `const known = this.#history.contradicts(this.#mark);`,
        `const known = undefined;`,
      ),
    ],
    hunt: engineTests('rewound'),
  },
  {
    id: 'new-mark-believed',
    wrong:
      'The mark of a store that was opened again counts as one that this node reached, because it was just noted.',
    seen: 'our own applier: a store away at the start was compared with nothing',
    patches: [
      runtime(
        'applier.ts',
        `this.#options.handlers.onReopened(isKnown);`,
        `this.#options.handlers.onReopened(this.#history.remembers(mark));`,
      ),
    ],
    hunt: engineTests('rewound'),
  },
  {
    id: 'reads-while-opening-again',
    wrong:
      'After a read found the store older, the reads that waited are asked at once, and when they are done a batch is applied beside the opening.',
    seen: 'two owners of one busy flag, in our own applier',
    patches: [
      runtime(
        'applier.ts',
        `if (!this.#busy && !this.#health.isFenced()) {`,
        `if (!this.#health.isFenced()) {`,
      ),
    ],
    hunt: engineTests('reopening'),
  },
  {
    id: 'fence-taken-back',
    wrong: 'A store that was fenced while it worked on a batch is well again when the batch is done.',
    seen: 'one field for two states, in our own applier',
    patches: [
      runtime(
        'applier.ts',
        `if (this.#health.isFenced())
            return tellUnknown(planned.waiters, this.#health.current.detail);
        const fault`,
        `const fault`,
      ),
      runtime(
        'store-health.ts',
        `if (this.isFenced())
            return;
        this.#current = WELL;`,
        `this.#current = WELL;`,
      ),
    ],
    hunt: engineTests('fenced'),
  },
  {
    id: 'older-store-fenced-by-preparing',
    wrong:
      'A store that came back older is fenced for good when a command that is prepared is the first to meet it.',
    seen: 'a kind of error that inherits from a worse one, in our own preparer',
    patches: [runtime('preparer.ts', `if (error instanceof BackendRewound)`, `if (error === undefined)`)],
    hunt: engineTests('reopening'),
  },
  {
    id: 'store-asked-after-the-end',
    wrong:
      'A store that is opened again while its node ends is given the next batch, maybe while it is closed.',
    seen: 'a flag that is set in the middle of the function that clears it, in our own applier',
    patches: [
      runtime('applier.ts', `if (this.#stopped || this.#health.isFenced())`, `if (this.#health.isFenced())`),
    ],
    hunt: engineTests('reopening'),
  },
  {
    id: 'results-not-looked-at',
    wrong: 'What a backend of somebody else gives for a command is believed to be a result, whatever it is.',
    seen: 'a forgotten return in an asynchronous function ends every process, at each start again',
    patches: [
      runtime('backend-returns.ts', `if (!isResult(results[ordinal]))`, `if (results[ordinal] === null)`),
    ],
    hunt: engineTests('backend-trouble'),
  },
  {
    id: 'leads-without-a-store',
    wrong: 'A leader whose store is away keeps leading, and every client waits for it.',
    seen: 'vault 14372, dqlite 283: a member in trouble keeps the leadership that it cannot use',
    patches: [
      runtime(
        'leadership-watch.ts',
        `if (unwellMs < electionTimeoutMs) return;`,
        `if (unwellMs >= 0) return;`,
      ),
    ],
    hunt: engineTests('unwell-leader'),
  },
  {
    id: 'log-of-another-backend',
    wrong: 'A log that was written for one backend is handed to another one.',
    seen: 'a test cluster of ours whose backend was changed in its configuration',
    patches: [server('backend-name.ts', `else if (known !== name)`, `else if (known === '')`)],
    hunt: testsOf('server tests', 'core', 'server/backend-name.test.js'),
  },
];
