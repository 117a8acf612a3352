/**
 * The simulator's command line.
 *
 *   npm run sim -- --seeds 1..300             a range of seeds, all checkers on
 *   npm run sim -- --seed 17                  one seed
 *   npm run sim -- --seed 17 --trace --from 400 --until 460
 *   npm run sim -- --seeds 1..50 --twice      each seed twice, equal trace hashes wanted
 *   npm run sim:shrink -- --seed 17           a failing seed as a short transcript
 *   npm run sim -- --seeds 1..4 --long        fifty times as long, with every fault
 */
import { parseArgs } from 'node:util';
import { runSeeds } from './run-seeds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    trace: { type: 'boolean', default: false },
    from: { type: 'string', default: '0' },
    until: { type: 'string', default: 'Infinity' },
    twice: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

const [first, last] = (values.seeds ?? `${values.seed ?? '1'}..${values.seed ?? '1'}`)
  .split('..')
  .map(Number);
if (
  first === undefined ||
  last === undefined ||
  !Number.isSafeInteger(first) ||
  !Number.isSafeInteger(last) ||
  last < first
) {
  process.stderr.write(
    'usage: npm run sim -- --seeds 1..300 | --seed N [--trace --from A --until B] [--twice] [--long] [--keep-going]\n',
  );
  process.exit(2);
}
const write = (line: string): void => void process.stdout.write(`${line}\n`);
const trace = values.trace
  ? { fromEvent: Number(values.from), untilEvent: Number(values.until), write }
  : undefined;
const ok = runSeeds({
  first,
  last,
  twice: values.twice,
  long: values.long,
  keepGoing: values['keep-going'],
  write,
  ...(trace === undefined ? {} : { trace }),
});
process.exitCode = ok ? 0 : 1;
