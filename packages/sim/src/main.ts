/** The simulator's command line; its help says what it can do. */
import { oneOf, parseArguments, quoted, runTool, wholeNumber, wrongUse } from './command-line/index.ts';
import { runEngineSeeds } from './engine/run-engine-seeds.ts';
import { print } from './output.ts';
import { runSeeds, type SeedRange } from './run-seeds.ts';

const TOOL = {
  name: 'sim',
  usage: ['[--depth core|engine|both] [--seeds A..B | --seed N] [options]'],
  options: {
    depth: {
      type: 'string',
      value: 'core|engine|both',
      about: [
        'core: the pure core with a minimal host around it, one queue of events: many seeds per second',
        'engine: production engines, frames, sessions, backends, journals and clients under that queue',
        'both: the whole range in the first depth, its first tenth in the second',
        '(default: both for a range and without any option, core for --seed and --long)',
      ].join('\n'),
    },
    seeds: {
      type: 'string',
      value: 'A..B',
      about: 'a range of seeds, all checkers on; without any option 1..100',
    },
    seed: { type: 'string', value: 'N', about: 'one seed' },
    trace: { type: 'boolean', default: false, about: 'prints every step' },
    from: { type: 'string', default: '0', value: 'A', about: 'with --trace: from event A' },
    until: { type: 'string', value: 'B', about: 'with --trace: to event B' },
    twice: { type: 'boolean', default: false, about: 'each seed twice, equal trace hashes wanted' },
    long: {
      type: 'boolean',
      default: false,
      about: 'first depth: fifty times as long, with every fault',
    },
    'keep-going': { type: 'boolean', default: false, about: 'goes on after a failure' },
  },
  more: '  npm run sim:shrink -- --seed N   a failing seed of the first depth as a short transcript',
} as const;
const DEPTHS = ['core', 'engine', 'both'] as const;
const ENGINE_SHARE = 0.1;

type Choice = { readonly seeds: SeedRange; readonly depth: (typeof DEPTHS)[number] };

process.exitCode = await runTool(TOOL, read, async (choice) => ((await run(choice)) ? 0 : 1));

/** @throws ARGUMENT */
function read(args: readonly string[]): Choice {
  const { values } = parseArguments(TOOL, args);
  const { seed, seeds, twice, long } = values;
  const fromEvent = wholeNumber('--from', values.from, 0);
  const untilEvent =
    values.until === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--until', values.until, 0);
  if (untilEvent < fromEvent) throw wrongUse(`--until ${untilEvent} lies before --from ${fromEvent}`);
  return {
    depth: oneOf('--depth', values.depth ?? (seed === undefined && !long ? 'both' : 'core'), DEPTHS),
    seeds: {
      ...(seeds === undefined && seed !== undefined ? oneSeed(seed) : rangeOf(seeds ?? '1..100')),
      twice,
      long,
      keepGoing: values['keep-going'],
      write: print,
      ...(values.trace ? { trace: { fromEvent, untilEvent, write: print } } : {}),
    },
  };
}

function oneSeed(text: string): { readonly first: number; readonly last: number } {
  const seed = wholeNumber('--seed', text);
  return { first: seed, last: seed };
}

function rangeOf(text: string): { readonly first: number; readonly last: number } {
  const [, left, right] = /^(.+?)\.\.(.+)$/.exec(text) ?? [];
  if (left === undefined || right === undefined)
    throw wrongUse(`--seeds takes a range like 1..300, not ${quoted(text)}`);
  const [first, last] = [wholeNumber('--seeds A..B', left), wholeNumber('--seeds A..B', right)];
  if (last < first) throw wrongUse(`--seeds ${text} ends before it begins: write ${last}..${first}`);
  return { first, last };
}

async function run({ seeds, depth }: Choice): Promise<boolean> {
  const { first, last } = seeds;
  const isCoreWell = depth === 'engine' || runSeeds(seeds);
  if (depth === 'core') return isCoreWell;
  const share = depth === 'engine' ? 1 : ENGINE_SHARE;
  const engineLast = first + Math.max(1, Math.ceil((last - first + 1) * share)) - 1;
  return (await runEngineSeeds({ ...seeds, last: engineLast })) && isCoreWell;
}
