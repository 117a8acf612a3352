/**
 * `npm run bench`: the baseline, Quorate and etcd in turn in one run, and the table of ratios. `npm run bench -- redis` is
 * another run, against one Redis (redis/bench-redis.ts).
 *
 * One system runs at a time, on a fresh directory, and all of them run in every repetition, in rotated order, so that
 * a slow minute of the machine hits them alike. Progress goes to standard error, the tables to standard output.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { runTool } from '@quorate/sim/command-line';
import { baseline } from './baseline/system.ts';
import { CpuMeter } from './cpu.ts';
import { etcdCheckPerf } from './etcd/check-perf.ts';
import { etcd, etcdVersion, installEtcd } from './etcd/system.ts';
import { type FlushReport, measureFlush } from './flush.ts';
import { type BenchPlan, readPlan, TOOL } from './plan.ts';
import { benchPostgres } from './postgres/bench-postgres.ts';
import { quorate } from './quorate/system.ts';
import { type Sample, Samples } from './ratios.ts';
import { benchRedis } from './redis/bench-redis.ts';
import { pointName, type System } from './system.ts';
import { measuredTable, ratioTable, targetTable } from './tables.ts';
import { checkTargets } from './targets.ts';

process.exitCode = await main().catch((error: unknown) => {
  note(`bench: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === 'postgres') return benchPostgres(rest);
  if (first === 'redis') return benchRedis(rest);
  return runTool(TOOL, readPlan, run);
}

async function run(plan: BenchPlan): Promise<number> {
  const root = mkdtempSync(join(plan.parentDirectory ?? tmpdir(), 'quorate-bench-'));
  // The children are killed by their own exit hook, which was set earlier and runs before this.
  process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

  const flush = measureFlush(root);
  const systems = chooseSystems(plan);
  print(describeRun(plan, systems, flush));
  const samples: Sample[] = [];
  for (let repetition = 1; repetition <= plan.repetitions; repetition++) {
    for (const system of rotated(systems, repetition - 1))
      samples.push(...(await measureSystem(plan, system, repetition, root)));
  }
  const etcdVerdict =
    plan.etcdCheck && systems.some(({ name }) => name === 'etcd') ? await runEtcdCheck(root) : [];
  publish(plan, systems, flush, samples, etcdVerdict);
  return 0;
}

function chooseSystems(plan: BenchPlan): System[] {
  return plan.systems.flatMap((name): System[] => {
    switch (name) {
      case 'baseline':
        return [baseline(plan.flush)];
      case 'quorate':
        return [quorate()];
      case 'etcd':
        return chooseEtcd(plan);
      default:
        return name satisfies never;
    }
  });
}

function chooseEtcd({ install }: BenchPlan): System[] {
  if (install && etcdVersion() === undefined) installEtcd();
  const version = etcdVersion();
  if (version !== undefined) return [etcd(version)];
  note('etcd is not installed, so it is left out: apt-get install etcd-server etcd-client, or --install');
  return [];
}

async function measureSystem(
  { points, times }: BenchPlan,
  system: System,
  repetition: number,
  root: string,
): Promise<Sample[]> {
  const directory = join(root, `${system.name}-${repetition}`);
  mkdirSync(directory);
  const running = await system.start(directory);
  const samples: Sample[] = [];
  try {
    for (const point of points) {
      const meter = new CpuMeter(running.pids);
      const result = await running.load(point, times);
      const cores = meter.stop(times.durationMs);
      if (result === undefined) continue;
      samples.push({
        system: system.name,
        repetition,
        point,
        result,
        serverCpuUs: cores === undefined ? undefined : (cores * 1e6) / result.throughput,
      });
      note(
        `${repetition} ${system.name.padEnd(8)} ${pointName(point).padEnd(13)} ${Math.round(result.throughput)}/s, p50 ${result.latencyMs.p50.toFixed(2)} ms`,
      );
    }
  } finally {
    await running.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return samples;
}

async function runEtcdCheck(root: string): Promise<readonly string[]> {
  note('etcdctl check perf --load xl, one minute');
  return etcdCheckPerf(root);
}

function describeRun(
  { repetitions, times }: BenchPlan,
  systems: readonly System[],
  { append, overwrite, inMemory }: FlushReport,
): string {
  const [cpu] = cpus();
  const lines = [
    `${cpus().length} x ${cpu?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    `flush of 4 KiB: append p50 ${append.p50.toFixed(3)} ms, p99 ${append.p99.toFixed(3)} ms; overwrite p50 ${overwrite.p50.toFixed(3)} ms, p99 ${overwrite.p99.toFixed(3)} ms`,
    `${repetitions} repetitions of ${times.durationMs} ms after ${times.warmupMs} ms of warming up; closed loop; servers and load share this machine`,
    ...systems.map(({ name, description }) => `${name}: ${description}`),
  ];
  if (inMemory)
    lines.push(
      'WARNING: the data lies in memory, where a flush does nothing; choose a disk with --directory',
    );
  return lines.join('\n');
}

function publish(
  plan: BenchPlan,
  systems: readonly System[],
  flush: FlushReport,
  samples: readonly Sample[],
  etcdVerdict: readonly string[],
): void {
  const names = systems.map(({ name }) => name);
  const targets = checkTargets(new Samples(samples));
  print(`\nMeasured here (medians)\n\n${measuredTable(samples, names)}`);
  if (names.includes('quorate') && names.length > 1)
    print(`\nQuorate : the others (median of the repetitions, lowest and highest)\n\n${ratioTable(samples)}`);
  if (targets.length > 0) print(`\nTargets\n\n${targetTable(targets)}`);
  if (etcdVerdict.length > 0)
    print(`\netcdctl check perf --load xl (offers 15000 writes/s)\n\n${etcdVerdict.join('\n')}`);
  if (plan.jsonPath === undefined) return;
  const environment = {
    cpu: cpus()[0]?.model,
    cpus: cpus().length,
    kernel: release(),
    node: process.version,
  };
  writeFileSync(
    plan.jsonPath,
    `${JSON.stringify({ environment, flush, plan, systems, samples, targets, etcdVerdict }, null, 2)}\n`,
  );
}

function rotated<T>(items: readonly T[], by: number): T[] {
  return items.map((_, index) => items[(index + by) % items.length] as T);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
