/**
 * The model checker's command line.
 *
 *   npm run modelcheck                          every scope, as far as its bound for long runs
 *   npm run modelcheck -- --quick               what a test run searches
 *   npm run modelcheck -- --scope duel --states 5000000
 *   npm run modelcheck -- --list
 */
import { parseArguments, quoted, runTool, wholeNumber, wrongUse } from '../command-line/index.ts';
import { write } from '../output.ts';
import { isGood, type Report } from './model-check.ts';
import { reportText, sumOf } from './progress.ts';
import { searchInThread } from './scope-worker.ts';
import { PLANS, type Plan } from './scopes.ts';

const TOOL = {
  name: 'modelcheck',
  usage: ['[--scope NAME ...] [--states N] [--max-gib N] [--quick] [--list]'],
  options: {
    scope: {
      type: 'string',
      multiple: true,
      default: [] as string[],
      value: 'NAME',
      about: 'this scope, or several (default: all)',
    },
    states: {
      type: 'string',
      value: 'N',
      about: 'so many states of each scope at most (default: its own bound)',
    },
    'max-gib': { type: 'string', default: '4', value: 'N', about: 'so much memory at most (default 4)' },
    quick: { type: 'boolean', default: false, about: 'as far as a test run searches' },
    list: { type: 'boolean', default: false, about: 'the scopes, without searching' },
  },
} as const;

type Options = {
  readonly plans: readonly Plan[];
  readonly statesOf: (plan: Plan) => number;
  readonly maxGib: number;
  readonly isList: boolean;
};

process.exitCode = await runTool(TOOL, read, (options) => (options.isList ? list() : search(options)));

async function search({ plans, statesOf, maxGib }: Options): Promise<number> {
  const reports: Report[] = [];
  for (const plan of plans) {
    const maxStates = statesOf(plan);
    if (maxStates === 0) continue;
    const report = await searchInThread({ scope: plan.scope.name, maxStates, maxGib }, write);
    reports.push(report);
    write(reportText(report, plan.about));
  }
  write(`${sumOf(reports)}\n`);
  return reports.length > 0 && reports.every(isGood) ? 0 : 1;
}

function list(): number {
  for (const { scope, about } of PLANS) write(`${scope.name.padEnd(16)} ${about}\n`);
  return 0;
}

/** @throws ARGUMENT */
function read(args: readonly string[]): Options {
  const { values } = parseArguments(TOOL, args);
  const names = PLANS.map(({ scope }) => scope.name);
  const unknown = values.scope.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw wrongUse(`there is no scope ${quoted(unknown)}; there are ${names.join(', ')}`);
  const states = values.states === undefined ? undefined : wholeNumber('--states', values.states, 1);
  return {
    plans: PLANS.filter(({ scope }) => values.scope.length === 0 || values.scope.includes(scope.name)),
    statesOf: ({ quickStates, longStates }) => states ?? (values.quick ? quickStates : longStates),
    maxGib: wholeNumber('--max-gib', values['max-gib'], 1),
    isList: values.list,
  };
}
