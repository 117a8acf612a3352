/**
 * `npm run bench -- redis`: three nodes with the Redis backend against one Redis server that flushes before it answers
 * (`appendonly yes`, `appendfsync always`), in turn in one run. The same SET of the same size over the same number of keys;
 * the server is loaded by its own `redis-benchmark`, a connection for each client, and the nodes by `quorate perf`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTemporaryRedis, type TemporaryRedis } from '@quorate/backend-redis/testing';
import { existingDirectory, parseArguments, runTool } from '@quorate/sim/command-line';
import { median } from 'quorate/perf';
import { ProcessCluster } from 'quorate/spawn';
import { measureFlush } from '../flush.ts';
import { runLoad } from '../load-process.ts';
import { COMMON_OPTIONS, count, DURATION_OPTION } from '../plan.ts';
import { KEYS, SERVERS, VALUE_BYTES } from '../system.ts';

const SPEC = {
  name: 'bench',
  sub: 'redis',
  usage: ['[options]'],
  options: {
    quick: { type: 'boolean', default: false, about: 'one short repetition' },
    ...COMMON_OPTIONS,
    duration: DURATION_OPTION,
  },
} as const;

/** Clients, each with one command under way. */
const CLIENTS = [1, 64, 256] as const;
/** The ratio of throughput that is to be reached at 256 clients. */
const TARGET = 0.7;
const QUORATE = fileURLToPath(new URL('bin/quorate.mjs', import.meta.resolve('quorate/package.json')));
const MAX_CONNECTIONS = 8;
const WARMUP_MS = 1000;
/** Enough for `redis-benchmark` to see how fast the server is. */
const TRIAL_REQUESTS = 3000;

type Measured = { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number };
type Row = { readonly clients: number; readonly ours: Measured[]; readonly theirs: Measured[] };

type Choice = {
  readonly repetitions: number;
  readonly durationMs: number;
  readonly parent: string;
};

/** @returns the exit status */
export function benchRedis(args: readonly string[]): Promise<number> {
  return runTool(SPEC, read, run, args);
}

/** @throws ARGUMENT */
function read(args: readonly string[]): Choice {
  const { quick, repetitions, duration, directory } = parseArguments(SPEC, args).values;
  return {
    repetitions: count('--repetitions', repetitions, quick ? 1 : 3),
    durationMs: count('--duration', duration, quick ? 1000 : 3000),
    parent: directory === undefined ? tmpdir() : existingDirectory('--directory', directory),
  };
}

async function run({ repetitions, durationMs, parent }: Choice): Promise<number> {
  const root = mkdtempSync(join(parent, 'quorate-bench-redis-'));
  process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

  const rows: Row[] = CLIENTS.map((clients) => ({ clients, ours: [], theirs: [] }));
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    // Whoever comes second finds a warmer machine: they take turns.
    const systems = [
      () => measureRedis(rows, durationMs, root),
      () => measureQuorate(rows, durationMs, root),
    ];
    if (repetition % 2 === 0) systems.reverse();
    for (const measure of systems) await measure();
  }
  process.stdout.write(report(rows, measureFlush(root).append.p50));
  return 0;
}

async function measureRedis(rows: readonly Row[], durationMs: number, parent: string): Promise<void> {
  const server = await startTemporaryRedis({
    parent,
    settings: { appendonly: 'yes', appendfsync: 'always' },
  });
  try {
    for (const { clients, theirs } of rows) {
      const trial = await redisBenchmark(server, clients, TRIAL_REQUESTS);
      const requests = Math.max(TRIAL_REQUESTS, Math.round((trial.perSecond * durationMs) / 1000));
      theirs.push(noted('redis', clients, await redisBenchmark(server, clients, requests)));
    }
  } finally {
    await server.stop();
  }
}

async function redisBenchmark(server: TemporaryRedis, clients: number, requests: number): Promise<Measured> {
  const numbers = { p: server.port, c: clients, n: requests, d: VALUE_BYTES, r: KEYS };
  const words = Object.entries(numbers).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const { stdout } = await promisify(execFile)('redis-benchmark', ['-t', 'set', '--csv', ...words]);
  const [, perSecond, , , p50, , p99] = (stdout.trim().split('\n').at(-1) ?? '')
    .split(',')
    .map((cell) => Number(cell.replaceAll('"', '')));
  if (perSecond === undefined || p50 === undefined || p99 === undefined || !(perSecond > 0))
    throw new Error(`redis-benchmark said: ${stdout.slice(0, 200)}`);
  return { perSecond, p50Ms: p50, p99Ms: p99 };
}

async function measureQuorate(rows: readonly Row[], durationMs: number, directory: string): Promise<void> {
  const servers: TemporaryRedis[] = [];
  let cluster: ProcessCluster | undefined;
  try {
    for (let node = 1; node <= SERVERS; node++)
      servers.push(await startTemporaryRedis({ parent: directory }));
    const settings = { backend: 'redis', backendOptions: { url: servers.map(({ url }) => url) } };
    cluster = await ProcessCluster.start({ nodes: SERVERS, parentDirectory: directory, settings });
    for (const { clients, ours } of rows) {
      const numbers = {
        clients,
        connections: Math.min(clients, MAX_CONNECTIONS),
        'value-size': VALUE_BYTES,
        keys: KEYS,
      };
      const options = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, value]);
      const times = ['--warmup', `${WARMUP_MS}ms`, '--duration', `${durationMs}ms`, '--mix', 'set=1'];
      const words = [
        'perf',
        '--endpoints',
        cluster.addrs.join(','),
        '--write-out',
        'json',
        ...times,
        ...options,
      ];
      const { throughput, latencyMs } = await runLoad(QUORATE, words, directory, WARMUP_MS + durationMs);
      ours.push(
        noted('quorate', clients, { perSecond: throughput, p50Ms: latencyMs.p50, p99Ms: latencyMs.p99 }),
      );
    }
  } finally {
    await cluster?.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function noted(system: string, clients: number, measured: Measured): Measured {
  process.stderr.write(
    `${system.padEnd(8)} ${String(clients).padStart(4)} clients ${Math.round(measured.perSecond)}/s, p50 ${measured.p50Ms.toFixed(2)} ms\n`,
  );
  return measured;
}

function report(rows: readonly Row[], flushMs: number): string {
  const lines = [
    `SET of ${VALUE_BYTES} bytes over ${KEYS} keys; flush of 4 KiB: p50 ${flushMs.toFixed(3)} ms; medians; servers and load share this machine`,
    '',
    'clients   quorate /s  p50 ms  p99 ms    redis /s  p50 ms  p99 ms   ratio (lowest-highest)',
    ...rows.map(lineOf),
    '',
    `target at 256 clients: ${TARGET}; one Redis answers after one flush, Quorate after a majority of ${SERVERS} flushed and all effects are in Redis`,
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf({ clients, ours, theirs }: Row): string {
  const ratios = ours.map(({ perSecond }, index) => perSecond / (theirs[index]?.perSecond ?? Number.NaN));
  const cells = (all: readonly Measured[]): string =>
    [
      String(Math.round(median(all.map(({ perSecond }) => perSecond)))).padStart(10),
      median(all.map(({ p50Ms }) => p50Ms))
        .toFixed(2)
        .padStart(7),
      median(all.map(({ p99Ms }) => p99Ms))
        .toFixed(2)
        .padStart(7),
    ].join(' ');
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return `${String(clients).padStart(7)}  ${cells(ours)}  ${cells(theirs)}   ${median(ratios).toFixed(2)} (${low}-${high})`;
}
