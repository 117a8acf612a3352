/**
 * `npm run soak`: everything that proves, for as long as a full soak takes or a share of it, and a table.
 *
 *   npm run soak                    about 80 minutes on two cores
 *   npm run soak -- --minutes 6     the same layers, less of each
 *   npm run soak                    after an interruption: goes on where it was
 *   npm run soak -- --again         plays the parts that failed once more
 *   npm run soak -- --fresh         forgets what was done; --first-seed N fixes the seeds
 *
 * A line for every layer as it ends, then the table. Progress goes to standard error. Status 1 when anything failed, 2
 * for wrong use, 130 when it was interrupted, 141 when nobody reads its lines any more; the parts that run end with it.
 */
import { join } from 'node:path';
import { directoryToMake, parseArguments, runTool, wholeNumber } from '../command-line/index.ts';
import { print, tell } from '../output.ts';
import { root } from './programs.ts';
import { Soak } from './soak.ts';

const TOOL = {
  name: 'soak',
  usage: ['[--minutes N] [--jobs N] [--first-seed N] [--dir DIRECTORY] [--again] [--fresh]'],
  options: {
    minutes: {
      type: 'string',
      value: 'N',
      about: 'a share of everything that takes so long (default: all, about 80 minutes)',
    },
    jobs: { type: 'string', default: '2', value: 'N', about: 'so many parts at a time (default 2)' },
    'first-seed': { type: 'string', value: 'N', about: 'seeds from N on (default: others every day)' },
    dir: {
      type: 'string',
      default: join(root(), '.soak'),
      value: 'DIRECTORY',
      about: 'what was done, and what failing parts printed (default: .soak)',
    },
    again: { type: 'boolean', default: false, about: 'plays the parts that failed once more' },
    fresh: { type: 'boolean', default: false, about: 'forgets what was done' },
  },
} as const;

process.exitCode = await runTool(TOOL, read, (soak) => {
  for (const event of ['SIGINT', 'SIGTERM', 'exit'] as const) process.once(event, () => soak.interrupt());
  return soak.run();
});

/** @throws ARGUMENT */
function read(args: readonly string[]): Soak {
  const { values } = parseArguments(TOOL, args);
  const count = (name: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : wholeNumber(name, text, 1);
  return new Soak({
    minutes: count('--minutes', values.minutes),
    firstSeed: count('--first-seed', values['first-seed']),
    jobs: wholeNumber('--jobs', values.jobs, 1),
    directory: directoryToMake('--dir', values.dir),
    again: values.again,
    fresh: values.fresh,
    print,
    tell,
  });
}
