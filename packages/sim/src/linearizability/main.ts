/**
 * Checks a history in a file: `npm run linearize -- FILE [--svg OUT] [--max-configurations N]`.
 *
 * The last line on standard output is the verdict; before it, each violation as a timeline. Exit status 0: the
 * history is linearizable; 1: it is not; 2: wrong use, or not a history; 3: undecided within the bound.
 */
import { writeFileSync } from 'node:fs';
import { QuorateError } from '@quorate/wire';
import {
  fileToWrite,
  parseArguments,
  readInput,
  runTool,
  wholeNumber,
  wrongUse,
} from '../command-line/index.ts';
import type { History } from '../history/call.ts';
import { parseHistory } from '../history/history-file.ts';
import { type CheckReport, checkHistory } from './check.ts';
import { picture } from './picture.ts';
import { DEFAULT_SEARCH_LIMITS } from './search.ts';
import { shrink } from './shrink.ts';
import { timeline } from './timeline.ts';

const TOOL = {
  name: 'linearize',
  usage: ['FILE [--svg OUT] [--max-configurations N]'],
  takesWords: true,
  options: {
    svg: { type: 'string', value: 'OUT', about: 'draws the first violation into this file' },
    'max-configurations': {
      type: 'string',
      value: 'N',
      about: `gives up after so many for a key (default ${DEFAULT_SEARCH_LIMITS.maxConfigurations})`,
    },
  },
  more: '  FILE is a history, as npm run chaos leaves it behind: a line of JSON for each call',
} as const;
/** Of a history with many violations so many are drawn; the first one is what counts. */
const MAX_DRAWN = 3;
const EXIT: Readonly<Record<CheckReport['verdict'], number>> = { yes: 0, no: 1, undecided: 3 };

type Choice = {
  readonly history: History;
  readonly maxConfigurations: number;
  readonly svg: string | undefined;
};

process.exitCode = await runTool(TOOL, read, run);

/** @throws ARGUMENT, also for a file that is no history */
function read(args: readonly string[]): Choice {
  const { values, positionals } = parseArguments(TOOL, args);
  const { svg, 'max-configurations': limit } = values;
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0)
    throw wrongUse(`name one file with a history, not ${positionals.length}`);
  return {
    maxConfigurations:
      limit === undefined
        ? DEFAULT_SEARCH_LIMITS.maxConfigurations
        : wholeNumber('--max-configurations', limit, 1),
    svg: svg === undefined ? undefined : fileToWrite('--svg', svg),
    history: historyIn(file),
  };
}

function historyIn(file: string): History {
  const text = readInput(file);
  try {
    return parseHistory(text);
  } catch (error) {
    throw error instanceof QuorateError ? wrongUse(`${file}, ${error.message}`) : error;
  }
}

function run({ history, maxConfigurations, svg }: Choice): number {
  const report = checkHistory(history, { maxConfigurations });
  report.violations.slice(0, MAX_DRAWN).forEach((violation, index) => {
    const small = shrink(violation);
    process.stdout.write(`${timeline(small, history.faults)}\n`);
    if (index === 0 && svg !== undefined) writeFileSync(svg, picture(small));
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
