/**
 * `npm run store-chaos -- postgres|redis`: kills servers and nodes under load, and says whether anything was lost or done twice.
 * Progress on standard error, the report on standard output. Exit status 0: all is right; 1: it is not; 2: wrong use.
 */
import { parseArgs } from 'node:util';
import { streamOf } from '@quorate/core/protocol';
import { type LoopReport, runStoreLoop } from './loop.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import type { StoreKind } from './store-kind.ts';

const KINDS: readonly StoreKind[] = [postgres, redis];
const USAGE = `usage: npm run store-chaos -- ${KINDS.map(({ name }) => name).join('|')} [--seconds 60] [--seed NUMBER]`;

const chosen = choose();
if (chosen === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}
const { kind, seconds, seed } = chosen;
process.stderr.write(`store-chaos: ${kind.name}, seed ${seed}, ${seconds} s\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(2));
const report = await runStoreLoop(kind, {
  seconds,
  random: streamOf(seed, 'store-chaos'),
  progress: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(textOf(report));
if (report.violations.length > 0)
  process.stdout.write(`again: npm run store-chaos -- ${kind.name} --seconds ${seconds} --seed ${seed}\n`);
process.exit(report.violations.length > 0 ? 1 : 0);

function choose(): { readonly kind: StoreKind; readonly seconds: number; readonly seed: number } | undefined {
  try {
    const { values, positionals } = parseArgs({
      options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
      allowPositionals: true,
    });
    const kind = KINDS.find(({ name }) => name === positionals[0]);
    const seconds = Number(values.seconds);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
    const isRight =
      kind !== undefined && positionals.length === 1 && seconds > 0 && Number.isSafeInteger(seed);
    return isRight ? { kind, seconds, seed } : undefined;
  } catch {
    return undefined;
  }
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
