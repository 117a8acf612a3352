/** The command line of the sweeps, checked. */
import { parseArguments, quoted, wholeNumber, wrongUse } from '#src/command-line/index.ts';

const PARTS = {
  graphs: 'all link graphs of five nodes, with links cut silently, noticed, or one way',
  crash: 'death before each effect of a run, unflushed writes lost and kept, and pairs of deaths',
  io: 'the k-th write, flush or read fails',
  flips: 'flipped bits in the files of both kinds of journals',
  frames: 'every bit of frames',
  disk: 'random histories of a journal on a simulated disk',
} as const;

export type PartName = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as PartName[];

export type Choice = {
  readonly names: readonly PartName[];
  readonly from: number;
  readonly share: number;
  readonly shares: number;
  readonly sample: number | undefined;
  readonly seed: number;
  readonly salt: number;
  /** Only this case. */
  readonly wanted: string | undefined;
  /** Step by step, between these events. */
  readonly trace: { readonly fromEvent: number; readonly untilEvent: number } | undefined;
};

const part = (name: PartName) => ({ type: 'boolean', default: false, about: PARTS[name] }) as const;

export const TOOL = {
  name: 'sweep',
  usage: [
    `[${NAMES.map((name) => `--${name}`).join(' | ')}] [--from N] [--share I/N] [--sample N [--seed N]] [--salt N]`,
    'PART --case NAME [--salt N] [--trace [--first N] [--last N]]',
  ],
  options: {
    graphs: part('graphs'),
    crash: part('crash'),
    io: part('io'),
    flips: part('flips'),
    frames: part('frames'),
    disk: part('disk'),
    from: {
      type: 'string',
      default: '0',
      value: 'N',
      about: 'from case N on, as the progress line says (default 0)',
    },
    share: {
      type: 'string',
      default: '1/1',
      value: 'I/N',
      about: '1/2: every second case, and 2/2 the others, so that two processes share the work',
    },
    sample: { type: 'string', value: 'N', about: 'so many cases, drawn (default: all)' },
    seed: {
      type: 'string',
      value: 'N',
      about: 'with --sample: draws the same again (default: drawn, and printed)',
    },
    salt: {
      type: 'string',
      default: '0',
      value: 'N',
      about: 'the same cases with other latencies and timers (default 0)',
    },
    case: { type: 'string', value: 'NAME', about: 'this case again' },
    trace: { type: 'boolean', default: false, about: 'with --case: step by step' },
    first: { type: 'string', default: '0', value: 'N', about: 'with --trace: from event N' },
    last: { type: 'string', value: 'N', about: 'with --trace: to event N' },
  },
} as const;

/** @throws ARGUMENT */
export function readChoice(args: readonly string[]): Choice {
  const { values } = parseArguments(TOOL, args);
  const count = (name: 'from' | 'seed' | 'salt' | 'sample' | 'first' | 'last', preset: number): number =>
    values[name] === undefined ? preset : wholeNumber(`--${name}`, values[name], 0);
  const [first, last] = [count('first', 0), count('last', Number.POSITIVE_INFINITY)];
  if (last < first) throw wrongUse(`--last ${last} lies before --first ${first}`);
  const chosen = NAMES.filter((name) => values[name]);
  return {
    names: chosen.length === 0 ? NAMES : chosen,
    from: count('from', 0),
    ...shareOf(values.share),
    sample: values.sample === undefined ? undefined : count('sample', 0),
    seed: count('seed', Date.now() % 1_000_000_000),
    salt: count('salt', 0),
    wanted: values.case,
    trace: values.trace ? { fromEvent: first, untilEvent: last } : undefined,
  };
}

function shareOf(text: string): { readonly share: number; readonly shares: number } {
  const [, share, shares] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (share === undefined || shares === undefined || share < 1 || share > shares)
    throw wrongUse(`--share takes I/N with I from 1 to N, like 1/2, not ${quoted(text)}`);
  return { share: share - 1, shares };
}
