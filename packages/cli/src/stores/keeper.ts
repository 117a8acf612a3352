/**
 * The process that keeps the throw-away servers of `temporary-stores.ts`: starts them, tells where they are, and stops them
 * when whoever asked for them lets go of the channel, even by `kill -9`. The package of a backend knows how to start one.
 */
import type { KeeperNotice, KeeperOrders } from './keeper-messages.ts';

/** What `@quorate/backend-NAME/testing` gives. */
type TemporaryServer = { readonly url: string; readonly pid: number; stop(): Promise<void> };
type Starter = () => Promise<TemporaryServer>;

const STARTERS: Readonly<Record<string, () => Promise<Starter>>> = {
  postgres: async () => starter(await load('postgres'), 'startTemporaryPostgres'),
  redis: async () => starter(await load('redis'), 'startTemporaryRedis'),
};

let servers: readonly TemporaryServer[] = [];
let starting: Promise<void> = Promise.resolve();

process.on('message', (orders: KeeperOrders) => {
  starting = start(orders).then(tell, (error: unknown) =>
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => void end());

async function start({ backend, count }: KeeperOrders): Promise<KeeperNotice> {
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
  process.exit(0);
}

async function load(name: string): Promise<Record<string, unknown>> {
  return (await import(`@quorate/backend-${name}/testing`)) as Record<string, unknown>;
}

function starter(module: Record<string, unknown>, name: string): Starter {
  return module[name] as Starter;
}
