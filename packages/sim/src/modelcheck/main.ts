/**
 * The model checker's command line.
 *
 *   npm run modelcheck                          every scope, as far as its bound for long runs
 *   npm run modelcheck -- --quick               what a test run searches
 *   npm run modelcheck -- --scope duel --states 5000000
 *   npm run modelcheck -- --list
 */
import { parseArgs } from 'node:util';
import { tell, write } from '../output.ts';
import { isGood, type Report } from './model-check.ts';
import { reportText, sumOf } from './progress.ts';
import { searchInThread } from './scope-worker.ts';
import { PLANS, type Plan } from './scopes.ts';

const USAGE = 'usage: npm run modelcheck -- [--scope NAME ...] [--states N] [--max-gib N] [--quick] [--list]';
const DEFAULT_MAX_GIB = 4;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === 'misunderstood') return 2;
  if (options.isList) return list();
  const { plans, statesOf, maxGib } = options;
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

type Options = {
  readonly plans: readonly Plan[];
  readonly statesOf: (plan: Plan) => number;
  readonly maxGib: number;
  readonly isList: boolean;
};

function list(): number {
  for (const { scope, about } of PLANS) write(`${scope.name.padEnd(16)} ${about}\n`);
  return 0;
}

function readOptions(): Options | 'misunderstood' {
  try {
    const { values } = parseArgs({
      options: {
        scope: { type: 'string', multiple: true, default: [] },
        states: { type: 'string' },
        'max-gib': { type: 'string', default: String(DEFAULT_MAX_GIB) },
        quick: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    });
    const unknown = values.scope.find((name) => !PLANS.some(({ scope }) => scope.name === name));
    if (unknown !== undefined) throw new TypeError(`there is no scope ${unknown}`);
    const states = values.states === undefined ? undefined : countOf(values.states);
    return {
      plans: PLANS.filter(({ scope }) => values.scope.length === 0 || values.scope.includes(scope.name)),
      statesOf: ({ quickStates, longStates }) => states ?? (values.quick ? quickStates : longStates),
      maxGib: countOf(values['max-gib']),
      isList: values.list,
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    tell(`${error.message}\n${USAGE}`);
    return 'misunderstood';
  }
}

function countOf(word: string): number {
  const count = Number(word);
  if (!Number.isSafeInteger(count) || count < 1) throw new TypeError(`${word} is not a count`);
  return count;
}
