/**
 * Throw-away servers for backends that need one, one for each node: `quorate up --backend redis --temporary`. They are
 * children of a process of their own (`keeper.ts`) that ends them when this one is gone.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { QuorateError } from '@quorate/wire';
import type { KeeperNotice, KeeperOrders } from './keeper-messages.ts';

/** Backends whose package starts a server. */
const WITH_SERVERS: ReadonlySet<string> = new Set(['postgres', 'redis']);

export type TemporaryStores = {
  /** By node, from the first. */
  readonly servers: readonly { readonly url: string; readonly pid: number }[];
  /** Returns when they are gone. */
  stop(): Promise<void>;
};

/** Undefined when the backend needs no server. @throws BACKEND_UNAVAILABLE with what to install */
export async function startTemporaryStores(
  backend: string,
  count: number,
): Promise<TemporaryStores | undefined> {
  if (!WITH_SERVERS.has(backend)) return undefined;
  // A process group of its own: a key press in the terminal is for this process only.
  const keeper = fork(fileURLToPath(new URL('./keeper.js', import.meta.url)), {
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(keeper, 'exit');
  const stop = async (): Promise<void> => {
    if (keeper.connected) keeper.disconnect();
    await ended;
  };
  const notice = await new Promise<KeeperNotice>((resolve) => {
    keeper.once('message', resolve);
    keeper.once('error', (error) => resolve({ kind: 'failed', message: error.message }));
    void ended.then(() => resolve({ kind: 'failed', message: 'the process that keeps them ended' }));
    const orders: KeeperOrders = { backend, count };
    keeper.send(orders);
  });
  if (notice.kind === 'started') return { servers: notice.servers, stop };
  await stop();
  throw new QuorateError('BACKEND_UNAVAILABLE', `no throw-away ${backend} servers: ${notice.message}`);
}
