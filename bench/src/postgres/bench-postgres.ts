/**
 * `npm run bench -- postgres`: three nodes with the PostgreSQL backend against PostgreSQL's own synchronous replication with
 * three servers, in turn in one run: the same upsert of the same row size over the same number of keys.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTemporaryPostgres, type TemporaryPostgres } from '@quorate/backend-postgres/testing';
import { createClient } from '@quorate/client';
import { existingDirectory, parseArguments, runTool } from '@quorate/sim/command-line';
import { median } from 'quorate/perf';
import { ProcessCluster } from 'quorate/spawn';
import { measureFlush } from '../flush.ts';
import { runLoad } from '../load-process.ts';
import { COMMON_OPTIONS, count } from '../plan.ts';
import { KEYS, SERVERS, VALUE_BYTES } from '../system.ts';
import { type Measured, NativeReplication } from './native.ts';
import { TABLE } from './statement.ts';

const SPEC = {
  name: 'bench',
  sub: 'postgres',
  usage: ['[options]'],
  options: {
    quick: { type: 'boolean', default: false, about: 'one short repetition' },
    ...COMMON_OPTIONS,
    seconds: { type: 'string', value: 'COUNT', about: 'measured time of one load (default 5)' },
  },
} as const;

/** Clients, each with one statement under way, and the ratio that is to be reached. */
const POINTS = [
  { clients: 1, target: 1.2 },
  { clients: 64, target: 1 },
] as const;
const MAX_CONNECTIONS = 8;
const WARMUP_SECONDS = 2;
const LOAD = fileURLToPath(new URL('load.js', import.meta.url));

type Row = {
  readonly clients: number;
  readonly target: number;
  readonly ours: Measured[];
  readonly theirs: Measured[];
};

type Choice = {
  readonly repetitions: number;
  readonly seconds: number;
  readonly parent: string;
};

/** @returns the exit status */
export function benchPostgres(args: readonly string[]): Promise<number> {
  return runTool(SPEC, read, run, args);
}

/** @throws ARGUMENT */
function read(args: readonly string[]): Choice {
  const { quick, repetitions, seconds, directory } = parseArguments(SPEC, args).values;
  return {
    repetitions: count('--repetitions', repetitions, quick ? 1 : 3),
    seconds: count('--seconds', seconds, quick ? 2 : 5),
    parent: directory === undefined ? tmpdir() : existingDirectory('--directory', directory),
  };
}

async function run({ repetitions, seconds, parent }: Choice): Promise<number> {
  const root = mkdtempSync(join(parent, 'quorate-bench-postgres-'));
  chmodSync(root, 0o711); // A process of root runs the servers as another user, who has to get through.
  process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

  const rows: Row[] = POINTS.map((point) => ({ ...point, ours: [], theirs: [] }));
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    const systems = [() => measureNative(rows, seconds, root), () => measureQuorate(rows, seconds, root)];
    // Whoever comes second finds a warmer machine: they take turns.
    if (repetition % 2 === 0) systems.reverse();
    for (const measure of systems) await measure();
  }
  process.stdout.write(report(rows, measureFlush(root).append.p50));
  return 0;
}

async function measureNative(rows: readonly Row[], seconds: number, directory: string): Promise<void> {
  const native = await NativeReplication.start(directory);
  try {
    for (const { clients, theirs } of rows) {
      await native.load(clients, WARMUP_SECONDS);
      theirs.push(noted('native', clients, await native.load(clients, seconds)));
    }
  } finally {
    await native.stop();
  }
}

async function measureQuorate(rows: readonly Row[], seconds: number, directory: string): Promise<void> {
  const servers: TemporaryPostgres[] = [];
  let cluster: ProcessCluster | undefined;
  try {
    for (let node = 1; node <= SERVERS; node++)
      servers.push(await startTemporaryPostgres({ fsync: true, parent: directory }));
    const settings = { backend: 'postgres', backendOptions: { url: servers.map(({ url }) => url) } };
    cluster = await ProcessCluster.start({ nodes: SERVERS, parentDirectory: directory, settings });
    await using client = createClient({ endpoints: cluster.addrs });
    await client.exec(TABLE);
    for (const { clients, ours } of rows) {
      const times = [WARMUP_SECONDS * 1000, seconds * 1000] as const;
      const words = [cluster.addrs.join(','), clients, Math.min(clients, MAX_CONNECTIONS), ...times];
      const { throughput, latencyMs } = await runLoad(LOAD, words, directory, times[0] + times[1]);
      // In a closed loop the mean follows from the throughput; the native side says only the mean.
      const meanMs = (clients / throughput) * 1000;
      ours.push(noted('quorate', clients, { perSecond: throughput, meanMs }));
      process.stderr.write(
        `         p50 ${latencyMs.p50.toFixed(2)} ms, p99 ${latencyMs.p99.toFixed(2)} ms\n`,
      );
    }
  } finally {
    await cluster?.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function noted(system: string, clients: number, measured: Measured): Measured {
  process.stderr.write(
    `${system.padEnd(8)} ${String(clients).padStart(4)} clients ${Math.round(measured.perSecond)}/s, mean ${measured.meanMs.toFixed(2)} ms\n`,
  );
  return measured;
}

function report(rows: readonly Row[], flushMs: number): string {
  const lines = [
    `upsert of one row of ${VALUE_BYTES} bytes over ${KEYS} keys; flush of 4 KiB: p50 ${flushMs.toFixed(3)} ms; medians; servers and load share this machine`,
    '',
    'clients   quorate /s  mean ms    native /s  mean ms   ratio (lowest-highest)  target',
    ...rows.map(lineOf),
    '',
    `native: ANY 1 (s1,s2), pgbench; quorate: ${SERVERS} nodes with a server each, the statement is executed by every server`,
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf({ clients, target, ours, theirs }: Row): string {
  const ratios = ours.map(({ perSecond }, index) => perSecond / (theirs[index]?.perSecond ?? Number.NaN));
  const cells = (all: readonly Measured[]): string =>
    [
      String(Math.round(median(all.map(({ perSecond }) => perSecond)))).padStart(10),
      median(all.map(({ meanMs }) => meanMs))
        .toFixed(2)
        .padStart(8),
    ].join(' ');
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return `${String(clients).padStart(7)}   ${cells(ours)}   ${cells(theirs)}   ${median(ratios).toFixed(2)} (${low}-${high})          ${target}`;
}
