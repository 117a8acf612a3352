/** The command line of the chaos runner, checked. */
import {
  oneOf,
  parseArguments,
  positiveNumber,
  type Tool,
  wholeNumber,
  wrongUse,
} from '@quorate/sim/command-line';

const SPEC = {
  name: 'chaos',
  usage: ['[--minutes N | --seconds N] [--nodes 3|5] [--backend kv|notebook] [--seed N] [--rate N] [--keep]'],
  options: {
    minutes: {
      type: 'string',
      value: 'N',
      about: 'how long faults are inflicted, over all rounds (default 5)',
    },
    seconds: { type: 'string', value: 'N', about: 'the same in seconds, at least 5' },
    nodes: {
      type: 'string',
      value: '3|5',
      about: 'size of the clusters (default: rounds of 3 and of 5 take turns)',
    },
    backend: {
      type: 'string',
      value: 'kv|notebook',
      about: 'what the clusters run (default: the kv backend and the notebook take turns)',
    },
    seed: {
      type: 'string',
      value: 'N',
      about: 'the same faults in the same order (default: drawn, and printed)',
    },
    rate: {
      type: 'string',
      default: '300',
      value: 'N',
      about: 'calls per second that must be achieved on average, or the run is void (default 300)',
    },
    keep: { type: 'boolean', default: false, about: 'leaves the directories of good rounds behind as well' },
  },
} as const;
export const TOOL: Tool = SPEC;

export type ChaosOptions = {
  readonly seconds: number;
  readonly nodes: 3 | 5 | undefined;
  readonly backend: BackendName | undefined;
  readonly seed: number;
  readonly rate: number;
  readonly keep: boolean;
};

export type BackendName = 'kv' | 'notebook';

const DEFAULT_MINUTES = '5';
const MIN_SECONDS = 5;

/** @throws ARGUMENT */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArguments(SPEC, args);
  const { minutes, seconds, nodes, backend, seed } = values;
  if (minutes !== undefined && seconds !== undefined) throw wrongUse('--minutes or --seconds, not both');
  const total =
    seconds === undefined
      ? positiveNumber('--minutes', minutes ?? DEFAULT_MINUTES) * 60
      : positiveNumber('--seconds', seconds);
  if (total < MIN_SECONDS) throw wrongUse(`faults take at least ${MIN_SECONDS} seconds, not ${total}`);
  return {
    seconds: total,
    nodes: nodes === undefined ? undefined : oneOf('--nodes', nodes, ['3', '5']) === '3' ? 3 : 5,
    backend: backend === undefined ? undefined : oneOf('--backend', backend, ['kv', 'notebook']),
    seed: seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber('--seed', seed, 0),
    rate: rateOf(values.rate),
    keep: values.keep,
  };
}

/** None at all is a rate: nothing is asked for then. */
function rateOf(text: string): number {
  return Number(text) === 0 ? 0 : positiveNumber('--rate', text);
}
