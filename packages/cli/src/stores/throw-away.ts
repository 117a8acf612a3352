/**
 * What `quorate up --temporary` uses and leaves nothing of: a directory and, for backends that need them, servers, one for
 * each node. They belong to a process of their own (`keeper.ts`), which removes them when this one is gone, however it ended.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { QuorateError } from '@quorate/wire';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { KeeperNotice, KeeperOrder, TemporaryServer } from './keeper-messages.ts';

/** Backends whose package starts a server. */
const WITH_SERVERS: ReadonlySet<string> = new Set(['postgres', 'redis']);

export class ThrowAway {
  /** For the data of the nodes; exists. */
  readonly directory: string;
  readonly #keeper: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(directory: string, keeper: ChildProcess, ended: Promise<unknown>) {
    this.directory = directory;
    this.#keeper = keeper;
    this.#ended = ended;
  }

  static async begin(): Promise<ThrowAway> {
    // A process group of its own: neither a key press in the terminal nor its end is for the keeper.
    const keeper = fork(fileURLToPath(new URL('./keeper.js', import.meta.url)), {
      stdio: 'ignore',
      detached: true,
    });
    const ended = once(keeper, 'exit').catch(() => undefined);
    const notice = await noticeOf(keeper, ended);
    if (notice.kind === 'ready') return new ThrowAway(notice.directory, keeper, ended);
    const why = notice.kind === 'failed' ? notice.message : notice.kind;
    throw new CommandFailure(EXIT.failed, `no temporary directory: ${why}`);
  }

  /** By node, from the first; undefined when the backend needs none. @throws BACKEND_UNAVAILABLE with what to install */
  async startServers(backend: string, count: number): Promise<readonly TemporaryServer[] | undefined> {
    if (!WITH_SERVERS.has(backend)) return undefined;
    const answer = noticeOf(this.#keeper, this.#ended);
    this.#send({ kind: 'start-servers', backend, count });
    const notice = await answer;
    if (notice.kind === 'started') return notice.servers;
    const why = notice.kind === 'failed' ? notice.message : notice.kind;
    throw new QuorateError('BACKEND_UNAVAILABLE', `no throw-away ${backend} servers: ${why}`);
  }

  /** These processes use the directory, and end by themselves: it is not removed before. */
  usedBy(pids: readonly number[]): void {
    this.#send({ kind: 'wait-for', pids });
  }

  /** Returns when all of it is gone. */
  async end(): Promise<void> {
    if (this.#keeper.connected) this.#keeper.disconnect();
    await this.#ended;
  }

  #send(order: KeeperOrder): void {
    if (this.#keeper.connected) this.#keeper.send(order, () => undefined);
  }
}

/** The next thing that the keeper says, or that it cannot say anything any more. */
function noticeOf(keeper: ChildProcess, ended: Promise<unknown>): Promise<KeeperNotice> {
  return new Promise((resolve) => {
    keeper.once('message', resolve);
    keeper.once('error', ({ message }) => resolve({ kind: 'failed', message }));
    void ended.then(() => resolve({ kind: 'failed', message: 'the process that keeps them ended' }));
  });
}
