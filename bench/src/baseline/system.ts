/**
 * Starts the baseline: two followers and a leader that dials them.
 *
 * `dsync` is the fastest of the three ways to flush at 64 and more in flight, and within a tenth of the fastest at
 * one (see docs/benchmarks.md), so that is what the ceiling is made of.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, NodeProcess } from 'quorate/spawn';
import { untilListening } from '../listening.ts';
import { runLoad } from '../load-process.ts';
import { KEY_BYTES, KEYS, type RunningSystem, type System, VALUE_BYTES } from '../system.ts';
import type { FlushMode } from './append-file.ts';

const STOP_GRACE_MS = 1000;
const RECORD_BYTES = KEY_BYTES + VALUE_BYTES;

export function baseline(flush: FlushMode): System {
  return {
    name: 'baseline',
    description: `3 Node.js ${process.version} processes, ws, append and flush (${flush}) on a majority, no protocol`,
    start: (directory) => startBaseline(directory, flush),
  };
}

async function startBaseline(directory: string, flush: FlushMode): Promise<RunningSystem> {
  const [leaderPort = 0, ...followerPorts] = await freePorts(3);
  const spawn = (name: string, script: string, args: readonly (string | number)[]): NodeProcess =>
    new NodeProcess({
      program: process.execPath,
      args: [scriptPath(script), ...args.map(String)],
      cwd: directory,
      logPath: join(directory, `${name}.log`),
    });
  const followers = followerPorts.map((port) =>
    spawn(`follower-${port}`, 'follower.js', [port, join(directory, `${port}.append`), flush]),
  );
  await Promise.all(
    followerPorts.map((port, index) => untilListening(port, followers[index] as NodeProcess)),
  );
  const leader = spawn('leader', 'leader.js', [
    leaderPort,
    join(directory, 'leader.append'),
    flush,
    RECORD_BYTES,
    ...followerPorts,
  ]);
  await untilListening(leaderPort, leader);
  const servers = [leader, ...followers];

  return {
    pids: servers.map((server) => server.pid),
    async load({ operation, inFlight, connections }, { warmupMs, durationMs }) {
      if (operation === 'read') return undefined;
      const sizes = [KEY_BYTES, VALUE_BYTES, KEYS];
      const args = [leaderPort, inFlight, connections, ...sizes, warmupMs, durationMs];
      return runLoad(scriptPath('load.js'), args, directory, warmupMs + durationMs);
    },
    async stop() {
      await Promise.all(servers.map((server) => server.terminate(STOP_GRACE_MS)));
    },
  };
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
