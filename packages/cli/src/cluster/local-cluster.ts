/**
 * All nodes of one config file as child processes of this one, for `quorate up`.
 *
 * Owns: the children, their log files, waiting until they have a leader, and their end. They run in process groups
 * of their own, so that Ctrl-C in the terminal reaches only this process; they hold a channel to it and stop by
 * themselves when it is gone, even by `kill -9`. Leaves to others: which settings, what is done with the cluster.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLOSE_LIMIT_MS, makeDirectory, type Settings } from '@quorate/core/config';
import { QuorateError } from '@quorate/wire';
import type { NodeNotice } from '../commands/start.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { fetchStatus, type NodeStatus } from '../spawn/node-status.ts';
import { poll } from '../spawn/wait.ts';

export type LocalNode = {
  readonly id: number;
  readonly addr: string;
  readonly pid: number;
  readonly logPath: string;
};

export type LocalClusterOptions = {
  readonly settings: Settings;
  /** Arguments of `quorate start N` beyond N: config file and flags. */
  readonly startArguments: readonly string[];
  /** A node ended although nobody told it to. */
  readonly onUnexpectedEnd: (node: LocalNode, how: string) => void;
};

type Child = LocalNode & {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  exit: string | undefined;
  /** What the node said about its failure. */
  failure: string | undefined;
};

const LAUNCHER = fileURLToPath(new URL('../../bin/quorate.mjs', import.meta.url));
/** Beyond this many election timeouts something is wrong; the lower bound leaves time for the processes to start. */
const LEADER_WAIT_ELECTION_TIMEOUTS = 10;
const MIN_LEADER_WAIT_MS = 30_000;
/** Beyond `shutdownTimeoutMs`, before a child is killed: it may need as long to give up a store that hangs, and to say so. */
const KILL_GRACE_MS = CLOSE_LIMIT_MS + 6000;

export class LocalCluster {
  readonly #options: LocalClusterOptions;
  readonly #children: Child[];
  #stopping: Promise<void> | undefined;

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    makeDirectory(options.settings.dataDir);
    this.#children = options.settings.addrs.map((addr, index) => this.#spawn(index + 1, addr));
  }

  get nodes(): readonly LocalNode[] {
    return this.#children;
  }

  /**
   * The node that leads in the eyes of a quorum. `onProgress` hears how many nodes answer.
   * @throws CommandFailure with the words of a node that could not start; NO_LEADER when the bound is missed
   */
  waitForLeader(onProgress: (answering: number) => void): Promise<LocalNode> {
    const { addrs, electionTimeoutMs } = this.#options.settings;
    const boundMs = Math.max(MIN_LEADER_WAIT_MS, LEADER_WAIT_ELECTION_TIMEOUTS * electionTimeoutMs);
    const quorum = Math.floor(addrs.length / 2) + 1;
    return poll(
      async () => {
        this.#throwIfEnded();
        const statuses = (await Promise.all(addrs.map((addr) => fetchStatus(addr)))).filter(
          (status) => status !== undefined,
        );
        onProgress(statuses.length);
        return this.#leaderAmong(statuses, quorum);
      },
      boundMs,
      () =>
        new QuorateError(
          'NO_LEADER',
          `the nodes have no leader after ${boundMs} ms; see ${join(this.#options.settings.dataDir, 'node-*.log')}`,
        ),
    );
  }

  /** Gracefully, and by force when that takes too long. Returns when every process is gone. */
  stop(): Promise<void> {
    this.#stopping ??= Promise.all(this.#children.map((child) => this.#end(child))).then(() => undefined);
    return this.#stopping;
  }

  #leaderAmong(statuses: readonly NodeStatus[], quorum: number): LocalNode | undefined {
    const leader = statuses.find(({ role }) => role === 'leader');
    if (leader === undefined || statuses.filter((status) => status.leader === leader.node).length < quorum)
      return undefined;
    return this.#children[leader.node - 1];
  }

  #throwIfEnded(): void {
    const ended = this.#children.find(({ exit }) => exit !== undefined);
    if (ended === undefined) return;
    const why = ended.failure ?? `it ended with ${ended.exit ?? ''}, see ${ended.logPath}`;
    throw new CommandFailure(EXIT.failed, `node ${ended.id}: ${why}`);
  }

  #spawn(id: number, addr: string): Child {
    const logPath = join(this.#options.settings.dataDir, `node-${id}.log`);
    const log = openSync(logPath, 'a', 0o600);
    const args = [LAUNCHER, 'start', String(id), ...this.#options.startArguments];
    const process_ = spawn(process.execPath, args, { stdio: ['ignore', log, log, 'ipc'], detached: true });
    closeSync(log);
    let settle: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const child: Child = {
      id,
      addr,
      logPath,
      pid: process_.pid ?? 0,
      process: process_,
      ended,
      exit: undefined,
      failure: undefined,
    };
    const onEnd = (how: string): void => {
      if (child.exit !== undefined) return;
      child.exit = how;
      settle();
      if (this.#stopping === undefined) this.#options.onUnexpectedEnd(child, child.failure ?? how);
    };
    process_.on('message', (notice: NodeNotice) => {
      if (notice.kind === 'failed') child.failure = notice.message;
    });
    process_.once('exit', (code, signal) => onEnd(signal ?? `status ${code ?? '?'}`));
    process_.once('error', (error) => onEnd(error.message));
    return child;
  }

  async #end(child: Child): Promise<void> {
    if (child.exit !== undefined) return;
    // A paused process would never hear the request.
    child.process.kill('SIGCONT');
    child.process.kill('SIGTERM');
    const timer = setTimeout(
      () => child.process.kill('SIGKILL'),
      this.#options.settings.shutdownTimeoutMs + KILL_GRACE_MS,
    );
    await child.ended;
    clearTimeout(timer);
  }
}
