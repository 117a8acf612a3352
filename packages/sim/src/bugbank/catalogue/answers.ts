/** Mutants of answers that are packed as they come, and of echoes. */
import type { Mutant } from '../mutant.ts';
import { engineTests } from './hunts.ts';
import { runtime, wire } from './places.ts';

export const ANSWER_MUTANTS: readonly Mutant[] = [
  {
    id: 'packed-answers-of-others',
    wrong:
      'Who waits for a group is sent the answers from the first command of the slot on, and not of its own.',
    seen: 'pipelines that count answers instead of naming them',
    patches: [
      runtime(
        'packed-slots.ts',
        `runs.push({ waiter, first, end: this.#count });`,
        `runs.push({ waiter, first: 0, end: this.#count });`,
      ),
    ],
    hunt: engineTests('packed'),
  },
  {
    id: 'echo-to-who-cannot-read-it',
    wrong:
      'Everybody is told where in the command the value lies, also who sent a line, or never heard of echoes.',
    seen: 'formats that are extended on one side only',
    patches: [
      runtime(
        'responder.ts',
        `const isAsPacked = (ordinal) => takesEchoes || !answers.isEcho(ordinal);`,
        `const isAsPacked = (ordinal) => takesEchoes || ordinal >= 0;`,
      ),
    ],
    hunt: engineTests('packed'),
  },
  {
    id: 'echo-of-another-command',
    wrong: 'The place of a value is counted from the first command of the slot.',
    seen: 'offsets into a batch that are taken for offsets into its parts',
    patches: [
      wire(
        'packed-answers.ts',
        `const commandStart = starts[this.#count];`,
        `const commandStart = starts[0];`,
      ),
    ],
    hunt: engineTests('packed'),
  },
  {
    id: 'echo-trusts-its-command',
    wrong: 'Of a command that comes again, shorter than before, what is left of it is the answer.',
    seen: 'answers that are kept as references into what a client may send differently the next time',
    patches: [wire('echo.ts', `if (result.end > command.length)`, `if (result.end > Infinity)`)],
    hunt: engineTests('packed'),
  },
  {
    id: 'packed-retry-executes-again',
    wrong: 'A command that lies in the batch a second time is executed a second time.',
    seen: 'a fast path that was written beside the table of sessions',
    patches: [
      runtime(
        'packed-slots.ts',
        `if (admission.kind === 'execute') {`,
        `if (admission.kind === 'execute' || admission.kind === 'repeated') {`,
      ),
    ],
    hunt: engineTests('packed'),
  },
];
