/**
 * Starts etcd as packaged by the system: three members with equal durability, settings that keep it from stopping
 * for space, and nothing else changed. The load goes to the leader, which is where etcd is fastest.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, NodeProcess, poll } from 'quorate/spawn';
import { untilListening } from '../listening.ts';
import { runLoad } from '../load-process.ts';
import {
  KEYS,
  type LoadResult,
  type Point,
  type RunningSystem,
  SERVERS,
  type System,
  type Times,
  VALUE_BYTES,
} from '../system.ts';

const LEADER_TIMEOUT_MS = 20_000;
const STOP_GRACE_MS = 5000;
const FLAGS: readonly string[] = [
  '--log-level=error',
  '--logger=zap',
  `--quota-backend-bytes=${8 * 2 ** 30}`,
  '--auto-compaction-mode=revision',
  '--auto-compaction-retention=100000',
];
const LOAD = fileURLToPath(new URL('load.js', import.meta.url));

/** Undefined where etcd is not installed. */
export function etcdVersion(): string | undefined {
  try {
    return /etcd Version: (\S+)/.exec(execFileSync('etcd', ['--version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
}

/** Debian and its kin, as root. */
export function installEtcd(): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['install', '-y', 'etcd-server', 'etcd-client'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
}

export type RunningEtcd = RunningSystem & { readonly clientPorts: readonly number[] };

export function etcd(version: string): System {
  return {
    name: 'etcd',
    description: `etcd ${version}, 3 members, ${FLAGS.join(' ')}, loaded at the leader by bench/src/etcd/load.ts`,
    start: startEtcd,
  };
}

export async function startEtcd(directory: string): Promise<RunningEtcd> {
  const ports = await freePorts(2 * SERVERS);
  const clientPorts = ports.slice(0, SERVERS);
  const peerPorts = ports.slice(SERVERS);
  const initialCluster = peerPorts.map((port, index) => `m${index}=${url(port)}`).join(',');
  const members = clientPorts.map((clientPort, index) =>
    startMember(directory, index, clientPort, peerPorts[index] ?? 0, initialCluster),
  );
  await Promise.all(members.map((member, index) => untilListening(clientPorts[index] ?? 0, member)));
  const leaderPort = await poll(
    () => findLeader(clientPorts),
    LEADER_TIMEOUT_MS,
    () => new Error('etcd elected no leader in time'),
  );

  return {
    clientPorts,
    pids: members.map((member) => member.pid),
    async load(point, times) {
      const before = await revision(leaderPort);
      const result = await loadEtcd(leaderPort, directory, point, times);
      const written = (await revision(leaderPort)) - before;
      // Every put is a revision of its own: a load that counts answers wrongly must not be believed.
      if (point.operation === 'write' && written !== result.answered)
        throw new Error(`etcd wrote ${written} times and the load was answered ${result.answered} times`);
      return result;
    },
    async stop() {
      await Promise.all(members.map((member) => member.terminate(STOP_GRACE_MS)));
    },
  };
}

function loadEtcd(
  port: number,
  directory: string,
  { operation, inFlight, connections }: Point,
  { warmupMs, durationMs }: Times,
): Promise<LoadResult> {
  const method = operation === 'write' ? 'put' : 'range';
  const args = [port, inFlight, connections, VALUE_BYTES, warmupMs, durationMs, method, KEYS];
  return runLoad(LOAD, args, directory, warmupMs + durationMs);
}

function startMember(
  directory: string,
  index: number,
  clientPort: number,
  peerPort: number,
  initialCluster: string,
): NodeProcess {
  const addresses = {
    '--listen-client-urls': url(clientPort),
    '--advertise-client-urls': url(clientPort),
    '--listen-peer-urls': url(peerPort),
    '--initial-advertise-peer-urls': url(peerPort),
  };
  const identity = [
    '--name',
    `m${index}`,
    '--data-dir',
    join(directory, `m${index}`),
    '--initial-cluster',
    initialCluster,
  ];
  return new NodeProcess({
    program: 'etcd',
    args: [...identity, ...Object.entries(addresses).flat(), ...FLAGS],
    cwd: directory,
    logPath: join(directory, `m${index}.log`),
  });
}

/** The client port of the member that leads, by etcd's own HTTP gateway. */
async function findLeader(clientPorts: readonly number[]): Promise<number | undefined> {
  for (const port of clientPorts) {
    const status = await memberStatus(port);
    if (status !== undefined && status.leader === status.header.member_id) return port;
  }
  return undefined;
}

type MemberStatus = {
  readonly header: { readonly member_id: string; readonly revision: string };
  readonly leader?: string;
};

async function revision(port: number): Promise<number> {
  return Number((await memberStatus(port))?.header.revision);
}

async function memberStatus(port: number): Promise<MemberStatus | undefined> {
  try {
    const response = await fetch(`${url(port)}/v3/maintenance/status`, { method: 'POST', body: '{}' });
    return response.ok ? ((await response.json()) as MemberStatus) : undefined;
  } catch {
    return undefined; // Not up yet; the caller asks again until its bound.
  }
}

function url(port: number): string {
  return `http://127.0.0.1:${port}`;
}
