/**
 * `npm run store-chaos -- postgres|redis`: kills servers and nodes under load, and says whether anything was lost or done twice.
 * Progress on standard error, the report on standard output. Exit status 0: all is right; 1: it is not; 2: wrong use.
 */
import { streamOf } from '@quorate/core/protocol';
import {
  parseArguments,
  positiveNumber,
  quoted,
  runTool,
  wholeNumber,
  wrongUse,
} from '@quorate/sim/command-line';
import { type LoopReport, runStoreLoop } from './loop.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import type { StoreKind } from './store-kind.ts';

const KINDS: readonly StoreKind[] = [postgres, redis];
const NAMES = KINDS.map(({ name }) => name).join('|');
const TOOL = {
  name: 'store-chaos',
  usage: [`${NAMES} [--seconds N] [--seed N]`],
  takesWords: true,
  options: {
    seconds: { type: 'string', default: '60', value: 'N', about: 'how long it kills (default 60)' },
    seed: {
      type: 'string',
      value: 'N',
      about: 'the same kills in the same order (default: drawn, and printed)',
    },
  },
} as const;

type Choice = { readonly kind: StoreKind; readonly seconds: number; readonly seed: number };

process.exit(await runTool(TOOL, read, run));

/** @throws ARGUMENT */
function read(args: readonly string[]): Choice {
  const { values, positionals } = parseArguments(TOOL, args);
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0)
    throw wrongUse(`name one store, ${NAMES}, not ${positionals.length}`);
  const kind = KINDS.find((each) => each.name === name);
  if (kind === undefined) throw wrongUse(`there is no store ${quoted(name)}; there are ${NAMES}`);
  return {
    kind,
    seconds: positiveNumber('--seconds', values.seconds),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e6) : wholeNumber('--seed', values.seed),
  };
}

async function run({ kind, seconds, seed }: Choice): Promise<number> {
  process.stderr.write(`store-chaos: ${kind.name}, seed ${seed}, ${seconds} s\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(2));
  const report = await runStoreLoop(kind, {
    seconds,
    random: streamOf(seed, 'store-chaos'),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(textOf(report));
  if (report.violations.length === 0) return 0;
  process.stdout.write(`again: npm run store-chaos -- ${kind.name} --seconds ${seconds} --seed ${seed}\n`);
  return 1;
}

function textOf({
  seconds,
  kills,
  acknowledged,
  unknown,
  counters,
  digests,
  violations,
}: LoopReport): string {
  const lines = [
    `${seconds} s; killed: ${kills.server} servers, ${kills.node} nodes, ${kills.both} of both at once`,
    `${acknowledged} increments acknowledged, ${unknown} of unknown outcome, on ${counters} counters`,
    `digests: ${digests.join(' ')}`,
    ...violations.slice(0, 20).map((violation) => `WRONG: ${violation}`),
    violations.length === 0
      ? 'counters and digests: right, nothing lost and nothing done twice'
      : `counters and digests: ${violations.length} violations`,
  ];
  return `${lines.join('\n')}\n`;
}
