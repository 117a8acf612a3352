/** The simulator's command line; USAGE says what it can do. */
import { parseArgs } from 'node:util';
import { runEngineSeeds } from './engine/run-engine-seeds.ts';
import { print, tell } from './output.ts';
import { runSeeds, type SeedRange } from './run-seeds.ts';

const USAGE = `usage: npm run sim -- [--depth core|engine|both] --seeds 1..300 | --seed N [options]

  --depth core      the pure core with a minimal host around it, one queue of events: many seeds per second
  --depth engine    production engines, frames, sessions, backends, journals and clients under that queue
  --depth both      the whole range in the first depth, its first tenth in the second
                    (default: both for a range and without any option, core for --seed)
  --seeds A..B      a range of seeds, all checkers on; without any option 1..100
  --seed N          one seed
  --trace [--from A --until B]   prints every step, or those of the events A to B
  --twice           each seed twice, equal trace hashes wanted
  --long            first depth: fifty times as long, with every fault
  --keep-going      goes on after a failure

  npm run sim:shrink -- --seed N   a failing seed of the first depth as a short transcript`;

const ENGINE_SHARE = 0.1;

const { values } = parseArgs({
  options: {
    depth: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    trace: { type: 'boolean', default: false },
    from: { type: 'string', default: '0' },
    until: { type: 'string', default: 'Infinity' },
    twice: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const range = rangeOf(
  values.seeds ?? (values.seed === undefined ? '1..100' : `${values.seed}..${values.seed}`),
);
const depth = values.depth ?? (values.seed === undefined && !values.long ? 'both' : 'core');
if (values.help) print(USAGE);
else if (range === undefined || !['core', 'engine', 'both'].includes(depth)) {
  tell(USAGE);
  process.exitCode = 2;
} else {
  process.exitCode = (await run(range, depth)) ? 0 : 1;
}

function rangeOf(text: string): { readonly first: number; readonly last: number } | undefined {
  const [first, last] = text.split('..').map(Number);
  if (first === undefined || last === undefined) return undefined;
  return Number.isSafeInteger(first) && Number.isSafeInteger(last) && last >= first
    ? { first, last }
    : undefined;
}

async function run({ first, last }: { first: number; last: number }, depths: string): Promise<boolean> {
  const { twice, long, trace } = values;
  const options: SeedRange = {
    first,
    last,
    twice,
    long,
    keepGoing: values['keep-going'],
    write: print,
    ...(trace
      ? { trace: { fromEvent: Number(values.from), untilEvent: Number(values.until), write: print } }
      : {}),
  };
  const isCoreWell = depths === 'engine' || runSeeds(options);
  if (depths === 'core') return isCoreWell;
  const share = depths === 'engine' ? 1 : ENGINE_SHARE;
  const engineLast = first + Math.max(1, Math.ceil((last - first + 1) * share)) - 1;
  return (await runEngineSeeds({ ...options, last: engineLast })) && isCoreWell;
}
