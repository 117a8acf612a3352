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
import { parseArgs } from 'node:util';
import { shrinkMutant } from './shrink-mutant.ts';
import { type NotShrunk, type Shrunk, shrinkSeed } from './shrink-seed.ts';

const USAGE = 'usage: npm run sim:shrink -- --seed N | --mutant ID [--seconds 60] [--into DIRECTORY]\n';
const HISTORIES = fileURLToPath(new URL('../../test/histories', import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      mutant: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      into: { type: 'string', default: HISTORIES },
    },
  });
  const seed = Number(values.seed);
  const budgetSeconds = Number(values.seconds);
  const isAsked = values.mutant === undefined ? Number.isSafeInteger(seed) : values.seed === undefined;
  if (!isAsked || !(budgetSeconds > 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (values.mutant !== undefined) {
    const shrunk = await shrinkMutant({ id: values.mutant, budgetSeconds, say });
    return report(shrunk, () => process.stdout.write(textOf(shrunk)));
  }
  const shrunk = shrinkSeed({ seed, budgetSeconds, say });
  return report(shrunk, () => {
    mkdirSync(values.into, { recursive: true });
    const file = join(values.into, `${slug((shrunk as Shrunk).property)}-seed-${seed}.txt`);
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
