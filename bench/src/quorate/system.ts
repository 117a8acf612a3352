/**
 * Starts Quorate as a user would (`quorate start N` with a config file, defaults for everything else) and loads it
 * with `quorate perf`, so that the product's own profiler is what the benchmark trusts.
 */
import { fileURLToPath } from 'node:url';
import { ProcessCluster } from 'quorate/spawn';
import { runLoad } from '../load-process.ts';
import {
  KEYS,
  type Point,
  type RunningSystem,
  SERVERS,
  type System,
  type Times,
  VALUE_BYTES,
} from '../system.ts';

/** The package does not export its binary; it lies beside the package's manifest. */
const QUORATE = fileURLToPath(new URL('bin/quorate.mjs', import.meta.resolve('quorate/package.json')));

export function quorate(): System {
  return {
    name: 'quorate',
    description: `3 nodes with default settings and the kv backend, Node.js ${process.version}, loaded by quorate perf`,
    start: startQuorate,
  };
}

async function startQuorate(directory: string): Promise<RunningSystem> {
  const cluster = await ProcessCluster.start({ nodes: SERVERS, parentDirectory: directory });
  return {
    pids: cluster.addrs.map((_, index) => cluster.process(index + 1).pid),
    load: (point, times) =>
      runLoad(
        QUORATE,
        perfArguments(cluster.addrs, point, times),
        directory,
        times.warmupMs + times.durationMs,
      ),
    stop: () => cluster.stop(),
  };
}

function perfArguments(
  addrs: readonly string[],
  { operation, inFlight, connections }: Point,
  { warmupMs, durationMs }: Times,
): string[] {
  const numbers = { clients: inFlight, connections, 'value-size': VALUE_BYTES, keys: KEYS };
  const texts = {
    warmup: `${warmupMs}ms`,
    duration: `${durationMs}ms`,
    mix: operation === 'write' ? 'set=1' : 'get=1',
  };
  const options = Object.entries({ ...numbers, ...texts }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  return ['perf', '--endpoints', addrs.join(','), '--write-out', 'json', ...options];
}
