/** Mutants of a whole node at work: what only shows when engine, store, disk and clients play together. */
import type { Mutant } from '../mutant.ts';
import { engineTests } from './hunts.ts';
import { ports, runtime } from './places.ts';

export const ENGINE_MUTANTS: readonly Mutant[] = [
  {
    id: 'read-keeps-the-frame',
    wrong:
      'A read that waits for its turn keeps a view of the frame that it came in, which is used again meanwhile.',
    seen: 'our own runtime, until the simulator of engines spoilt every frame after its use',
    patches: [
      runtime(
        'command-desk.ts',
        `backend.decode(new Uint8Array(input.bytes))`,
        `backend.decode(input.bytes)`,
      ),
    ],
    hunt: { tool: 'engine simulator', seeds: 60 },
  },
  {
    id: 'forwards-numbered-from-one',
    wrong:
      'Forwarded requests are numbered from 1 in every life, so the answer to one before a restart fits one after it.',
    seen: 'our own runtime: a client was given the answer of another one; XIDs of RPC clients that start over',
    patches: [
      runtime(
        'forwarder.ts',
        `this.#nextRequestId = lifeNumber * REQUESTS_PER_LIFE + 1;`,
        `this.#nextRequestId = 1;`,
      ),
    ],
    hunt: engineTests('forwarder'),
  },
  {
    id: 'lost-answer-executes-again',
    wrong:
      'A batch that the store holds already, because only its answer was lost, is executed a second time.',
    seen: 'every replicated store whose retry is not tied to a mark in the same transaction',
    patches: [
      ports(
        'backend-image.ts',
        `if (stored !== undefined && equalMarks(stored, step.next)) return 'repeated';`,
        `if (stored !== undefined && equalMarks(stored, step.next)) return 'apply';`,
      ),
    ],
    hunt: { tool: 'engine simulator', seeds: 60 },
  },
  {
    id: 'rewound-store-keeps-newer-sessions',
    wrong:
      'A store that came back older is filled again with the sessions of the time before: nothing executes twice, and so nothing comes back.',
    seen: 'a cache of executed requests kept beside a data base that was restored from a copy',
    patches: [
      runtime(
        'applier.ts',
        `this.#sessions = this.#sessionsOf(mark.slot, image);
        this.#mark = mark;
        if`,
        `this.#mark = mark;
        if`,
      ),
    ],
    hunt: { tool: 'engine simulator', seeds: 60 },
  },
  {
    id: 'prepared-and-lost-is-unknown-as-none',
    wrong:
      'A command that a lost leader had already put into the log is told to be not executed, because it was prepared.',
    seen: 'proxies that answer for a request they have passed on',
    patches: [
      runtime(
        'proposals.ts',
        `inFlight.forEach(loseWaiter);`,
        `inFlight.forEach(this.#preparer === undefined ? loseWaiter : refuseWaiter);`,
      ),
    ],
    hunt: { tool: 'engine simulator', seeds: 200 },
  },
];
