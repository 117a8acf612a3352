/**
 * The process that keeps what `throw-away.ts` is asked for: makes the directory, starts servers and tells where they are, and
 * removes all of it when whoever asked lets go of the channel, even by `kill -9`. The package of a backend knows how to
 * start a server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll } from '../spawn/wait.ts';
import type { KeeperNotice, KeeperOrder, TemporaryServer } from './keeper-messages.ts';

/** What `@quorate/backend-NAME/testing` gives. */
type Starter = () => Promise<TemporaryServer & { stop(): Promise<void> }>;

/** Nodes that lost their parent stop gracefully; more than they are given for that. */
const NODES_END_MS = 60_000;

const STARTERS: Readonly<Record<string, () => Promise<Starter>>> = {
  postgres: async () => starter(await load('postgres'), 'startTemporaryPostgres'),
  redis: async () => starter(await load('redis'), 'startTemporaryRedis'),
};

const directory = mkdtempSync(join(tmpdir(), 'quorate-up-'));
let servers: readonly Awaited<ReturnType<Starter>>[] = [];
let starting: Promise<void> = Promise.resolve();
let nodes: readonly number[] = [];

process.on('message', (order: KeeperOrder) => {
  if (order.kind === 'wait-for') nodes = order.pids;
  else
    starting = start(order).then(tell, (error: unknown) =>
      tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
});
process.on('disconnect', () => void end());
tell({ kind: 'ready', directory });
if (!process.connected) void end();

async function start({
  backend,
  count,
}: Extract<KeeperOrder, { kind: 'start-servers' }>): Promise<KeeperNotice> {
  const find = STARTERS[backend];
  if (find === undefined) throw new Error(`there is no throw-away server for backend ${backend}`);
  const startOne = await find();
  const started = await Promise.allSettled(Array.from({ length: count }, () => startOne()));
  servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { kind: 'started', servers: servers.map(({ url, pid }) => ({ url, pid })) };
}

function tell(notice: KeeperNotice): void {
  if (process.connected) process.send?.(notice);
}

async function end(): Promise<void> {
  await starting;
  await Promise.allSettled(servers.map((server) => server.stop()));
  const isOver = (): true | undefined => (nodes.some(isAlive) ? undefined : true);
  await poll(isOver, NODES_END_MS, () => new Error('they do not end')).catch(() => undefined);
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function load(name: string): Promise<Record<string, unknown>> {
  return (await import(`@quorate/backend-${name}/testing`)) as Record<string, unknown>;
}

function starter(module: Record<string, unknown>, name: string): Starter {
  return module[name] as Starter;
}
