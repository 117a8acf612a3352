/**
 * Reduces a failing seed of the simulator to a short history and writes it down as a transcript test.
 *
 *   npm run sim:shrink -- --seed 17
 *   npm run sim:shrink -- --seed 17 --seconds 300 --into somewhere/else
 *   npm run sim:shrink -- --mutant ack-last-slot       a planted bug of the bank, for practice: printed, not written
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CATALOGUE } from '../bugbank/catalogue/index.ts';
import {
  directoryToMake,
  parseArguments,
  positiveNumber,
  quoted,
  runTool,
  wholeNumber,
  wrongUse,
} from '../command-line/index.ts';
import { shrinkMutant } from './shrink-mutant.ts';
import { type NotShrunk, type Shrunk, shrinkSeed } from './shrink-seed.ts';

const HISTORIES = fileURLToPath(new URL('../../test/histories', import.meta.url));
const TOOL = {
  name: 'sim:shrink',
  usage: ['--seed N [--seconds N] [--into DIRECTORY]', '--mutant ID [--seconds N]'],
  options: {
    seed: { type: 'string', value: 'N', about: 'a failing seed of the first depth' },
    mutant: {
      type: 'string',
      value: 'ID',
      about: 'a planted bug of the bank, for practice: printed, not written',
    },
    seconds: { type: 'string', default: '60', value: 'N', about: 'so long at most (default 60)' },
    into: {
      type: 'string',
      default: HISTORIES,
      value: 'DIRECTORY',
      about: 'where the transcript is written (default: among the tests of packages/sim)',
    },
  },
} as const;

type Choice = { readonly budgetSeconds: number; readonly into: string } & (
  | { readonly seed: number; readonly mutant?: undefined }
  | { readonly mutant: string }
);

process.exitCode = await runTool(TOOL, read, run);

/** @throws ARGUMENT */
function read(args: readonly string[]): Choice {
  const { seed, mutant, seconds, into } = parseArguments(TOOL, args).values;
  const common = {
    budgetSeconds: positiveNumber('--seconds', seconds),
    into: directoryToMake('--into', into),
  };
  if (seed !== undefined && mutant === undefined) return { ...common, seed: wholeNumber('--seed', seed) };
  if (mutant === undefined || seed !== undefined)
    throw wrongUse('one is needed, and not both: --seed or --mutant');
  if (!CATALOGUE.some(({ id }) => id === mutant))
    throw wrongUse(
      `there is no mutant ${quoted(mutant)} in the bug bank; npm run bugbank -- --list prints the ids`,
    );
  return { ...common, mutant };
}

async function run({ budgetSeconds, into, ...what }: Choice): Promise<number> {
  if (what.mutant !== undefined) {
    const shrunk = await shrinkMutant({ id: what.mutant, budgetSeconds, say });
    return report(shrunk, () => process.stdout.write(textOf(shrunk)));
  }
  const { seed } = what;
  const shrunk = shrinkSeed({ seed, budgetSeconds, say });
  return report(shrunk, () => {
    mkdirSync(into, { recursive: true });
    const file = join(into, `${slug((shrunk as Shrunk).property)}-seed-${seed}.txt`);
    writeFileSync(file, textOf(shrunk));
    say(
      `written: ${file}\nIt runs with the tests of packages/sim, which fail until the property holds again.`,
    );
  });
}

function report(shrunk: Shrunk | NotShrunk, show: () => void): number {
  if ('why' in shrunk) {
    process.stderr.write(`${shrunk.why}\n`);
    return 1;
  }
  say(`${shrunk.property}: ${shrunk.recorded} decisions before, ${shrunk.history.deeds.length} after`);
  show();
  return 0;
}

function textOf(shrunk: Shrunk | NotShrunk): string {
  return 'why' in shrunk ? '' : shrunk.text;
}

function slug(property: string): string {
  return property.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

/** Progress; the transcript alone goes to stdout. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
