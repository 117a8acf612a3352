/** The command line of the chaos runner, checked. */
import { parseArgs } from 'node:util';
import { QuorateError } from '@quorate/wire';

export const USAGE: string = [
  'usage: npm run chaos -- [--minutes 5 | --seconds 20] [--nodes 3|5] [--backend kv|notebook] [--seed N] [--rate 300] [--keep]',
  '',
  '  --minutes, --seconds  how long faults are inflicted, over all rounds; default 5 minutes',
  '  --nodes               size of the clusters; without it rounds of 3 and of 5 take turns',
  '  --backend             what the clusters run; without it the kv backend and the notebook take turns',
  '  --seed                the same faults in the same order; drawn and printed when not given',
  '  --rate                calls per second that must be achieved on average, or the run is void',
  '  --keep                leave the directories of good rounds behind as well',
].join('\n');

export type ChaosOptions = {
  readonly seconds: number;
  readonly nodes: 3 | 5 | undefined;
  readonly backend: BackendName | undefined;
  readonly seed: number;
  readonly rate: number;
  readonly keep: boolean;
};

export type BackendName = 'kv' | 'notebook';

const DEFAULT_SECONDS = 300;
const DEFAULT_RATE = 300;
const MIN_SECONDS = 5;

/** @throws ARGUMENT */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      seconds: { type: 'string' },
      nodes: { type: 'string' },
      backend: { type: 'string' },
      seed: { type: 'string' },
      rate: { type: 'string', default: String(DEFAULT_RATE) },
      keep: { type: 'boolean', default: false },
    },
  });
  const { minutes, seconds, nodes, backend } = values;
  if (minutes !== undefined && seconds !== undefined) throw wrong('--minutes or --seconds, not both');
  if (nodes !== undefined && nodes !== '3' && nodes !== '5') throw wrong(`--nodes is 3 or 5, not ${nodes}`);
  if (backend !== undefined && backend !== 'kv' && backend !== 'notebook')
    throw wrong(`--backend is kv or notebook, not ${backend}`);
  const total =
    minutes === undefined
      ? number('--seconds', seconds ?? String(DEFAULT_SECONDS))
      : number('--minutes', minutes) * 60;
  if (total < MIN_SECONDS) throw wrong(`at least ${MIN_SECONDS} seconds`);
  const seed = number('--seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
  if (!Number.isSafeInteger(seed)) throw wrong('--seed takes a whole number');
  return {
    seconds: total,
    nodes: nodes === undefined ? undefined : nodes === '3' ? 3 : 5,
    backend,
    seed,
    rate: number('--rate', values.rate),
    keep: values.keep,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw wrong(`${name} takes a number, not ${text}`);
  return value;
}

function wrong(what: string): QuorateError {
  return new QuorateError('ARGUMENT', what);
}
