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
import { parseArgs } from 'node:util';
import { print, tell } from '../output.ts';
import { root } from './programs.ts';
import { Soak, type SoakOptions } from './soak.ts';

const USAGE =
  'usage: npm run soak -- [--minutes N] [--jobs N] [--first-seed N] [--dir DIRECTORY] [--again] [--fresh]';

/** @throws TypeError for wrong use */
function readOptions(args: string[]): SoakOptions {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      'first-seed': { type: 'string' },
      dir: { type: 'string', default: join(root(), '.soak') },
      again: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
    },
  });
  const count = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const number = Number(text);
    if (!Number.isSafeInteger(number) || number < 1)
      throw new TypeError(`--${name} takes a whole number, not ${text}`);
    return number;
  };
  return {
    minutes: count('minutes', values.minutes),
    firstSeed: count('first-seed', values['first-seed']),
    jobs: count('jobs', values.jobs) ?? 1,
    directory: values.dir,
    again: values.again,
    fresh: values.fresh,
    print,
    tell,
  };
}

async function main(): Promise<number> {
  let soak: Soak;
  try {
    soak = new Soak(readOptions(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    tell(`soak: ${error.message}\n${USAGE}`);
    return 2;
  }
  for (const event of ['SIGINT', 'SIGTERM', 'exit'] as const) process.once(event, () => soak.interrupt());
  return soak.run();
}

process.exitCode = await main();
