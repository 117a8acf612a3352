/**
 * Checks a history in a file: `npm run linearize -- FILE [--svg OUT] [--max-configurations N]`.
 *
 * The last line on standard output is the verdict; before it, each violation as a timeline. Exit status 0: the
 * history is linearizable; 1: it is not; 2: wrong use, or not a history; 3: undecided within the bound.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { QuorateError } from '@quorate/wire';
import { parseHistory } from '../history/history-file.ts';
import { type CheckReport, checkHistory } from './check.ts';
import { picture } from './picture.ts';
import { DEFAULT_SEARCH_LIMITS } from './search.ts';
import { shrink } from './shrink.ts';
import { timeline } from './timeline.ts';

const USAGE = 'usage: npm run linearize -- FILE [--svg OUT] [--max-configurations N]';
/** Of a history with many violations so many are drawn; the first one is what counts. */
const MAX_DRAWN = 3;
const EXIT: Readonly<Record<CheckReport['verdict'], number>> = { yes: 0, no: 1, undecided: 3 };
const EXIT_USAGE = 2;

try {
  process.exitCode = run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`linearize: ${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = EXIT_USAGE;
}

function run(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { svg: { type: 'string' }, 'max-configurations': { type: 'string' } },
    allowPositionals: true,
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new QuorateError('ARGUMENT', 'name one file');
  const limit = values['max-configurations'];
  const maxConfigurations = limit === undefined ? DEFAULT_SEARCH_LIMITS.maxConfigurations : Number(limit);
  if (!Number.isSafeInteger(maxConfigurations) || maxConfigurations < 1)
    throw new QuorateError('ARGUMENT', `--max-configurations takes a whole number, not ${limit}`);

  const history = parseHistory(readFileSync(file, 'utf8'));
  const report = checkHistory(history, { maxConfigurations });
  report.violations.slice(0, MAX_DRAWN).forEach((violation, index) => {
    const small = shrink(violation);
    process.stdout.write(`${timeline(small, history.faults)}\n`);
    if (index === 0 && values.svg !== undefined) writeFileSync(values.svg, picture(small));
  });
  const more = report.violations.length - MAX_DRAWN;
  if (more > 0) process.stdout.write(`and ${more} more keys with a violation\n`);
  if (report.undecided.length > 0)
    process.stdout.write(
      `undecided after ${maxConfigurations} configurations: ${report.undecided.join(', ')}\n`,
    );
  process.stdout.write(`linearizable: ${report.verdict} (${report.calls} operations, ${report.keys} keys)\n`);
  return EXIT[report.verdict];
}
