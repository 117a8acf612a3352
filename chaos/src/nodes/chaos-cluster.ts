/**
 * A cluster of real node processes, each started as a user would start it, with the rig's preload in front: so every
 * node dials its peers through the proxy and has a clock of its own.
 *
 * Owns: the processes and what is done to them, and the question whether one ended that nobody meant to end.
 * Leaves to others: when and why (`faults/`), the network (`network/`), whether the cluster did right (`verdict/`).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QuorateError } from '@quorate/wire';
import { NodeProcess, poll } from 'quorate/spawn';
import { type Network, nodeSite } from '../network/network.ts';
import { CLOCK_FILE_VARIABLE, ROUTES_VARIABLE } from '../site/environment.ts';
import { fetchStatus, type NodeStatus } from './node-status.ts';

/** The flag of `node` that puts a process of the rig under the rig's network and clock. */
export const PRELOAD_FLAG: string = `--import=${new URL('../site/preload.js', import.meta.url).href}`;
/** The package does not export its binary; it lies beside the package's manifest. */
const QUORATE = fileURLToPath(new URL('bin/quorate.mjs', import.meta.resolve('quorate/package.json')));

const STOP_GRACE_MS = 8000;

export type ChaosClusterOptions = {
  readonly directory: string;
  /** `host:port` of node 1, 2, ... */
  readonly addrs: readonly string[];
  readonly network: Network;
  /** Top-level keys of `config.yaml` beside `addrs` and `dataDir`. */
  readonly settings: Readonly<Record<string, unknown>>;
};

export class ChaosCluster implements AsyncDisposable {
  readonly addrs: readonly string[];
  /** Nodes 1 to N. */
  readonly nodes: readonly number[];
  readonly #options: ChaosClusterOptions;
  readonly #configPath: string;
  readonly #processes: NodeProcess[] = [];
  /** Processes that somebody ended on purpose. */
  readonly #meantToEnd = new Set<NodeProcess>();
  readonly #unexpectedEnds: string[] = [];

  constructor(options: ChaosClusterOptions) {
    const { directory, addrs, settings } = options;
    this.#options = options;
    this.addrs = addrs;
    this.nodes = addrs.map((_, index) => index + 1);
    this.#configPath = join(directory, 'config.yaml');
    for (const node of this.nodes) mkdirSync(this.dataDirectory(node), { recursive: true });
    const keys = { addrs, dataDir: join(directory, 'data'), ...settings };
    // JSON is YAML.
    const lines = Object.entries(keys).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
    writeFileSync(this.#configPath, lines.join(''));
  }

  /** Nodes that ended although nobody ended them, in words. */
  get unexpectedEnds(): readonly string[] {
    return this.#unexpectedEnds;
  }

  get quorum(): number {
    return Math.floor(this.nodes.length / 2) + 1;
  }

  dataDirectory(node: number): string {
    return join(this.#options.directory, 'data', `node-${node}`);
  }

  addr(node: number): string {
    return this.addrs[node - 1] ?? '';
  }

  start(node: number): void {
    if (this.isRunning(node)) throw new QuorateError('ARGUMENT', `node ${node} is still running`);
    const { directory, network } = this.#options;
    const process_ = new NodeProcess({
      program: process.execPath,
      args: [PRELOAD_FLAG, QUORATE, 'start', String(node), '--config', this.#configPath],
      cwd: directory,
      logPath: join(directory, `node-${node}.log`),
      env: {
        [ROUTES_VARIABLE]: network.routesOf(nodeSite(node)),
        [CLOCK_FILE_VARIABLE]: this.#clockPath(node),
      },
    });
    this.#processes[node - 1] = process_;
    void process_.ended.then((exit) => {
      if (this.#meantToEnd.has(process_)) return;
      this.#unexpectedEnds.push(
        `node ${node} ended by itself (${exit.signal ?? `status ${exit.code}`}): ${lastLine(process_.logTail())}`,
      );
    });
  }

  isRunning(node: number): boolean {
    const found = this.#processes[node - 1];
    return found !== undefined && found.exit === undefined;
  }

  /** `kill -9`. */
  async kill(node: number): Promise<void> {
    await this.#endOnPurpose(node).kill();
  }

  /** SIGTERM; false when the node had to be killed. */
  terminate(node: number): Promise<boolean> {
    return this.#endOnPurpose(node).terminate(STOP_GRACE_MS);
  }

  /** The node is expected to end by itself within the bound; undefined when it did not. */
  async endsByItself(node: number, timeoutMs: number): Promise<{ readonly code: number | null } | undefined> {
    const process_ = this.#endOnPurpose(node);
    const late = Symbol('late');
    const exit = await Promise.race([process_.ended, delayUnref(timeoutMs, late)]);
    if (exit !== late) return exit as { readonly code: number | null };
    this.#meantToEnd.delete(process_);
    return undefined;
  }

  pause(node: number): void {
    this.#process(node).pause();
  }

  resume(node: number): void {
    this.#process(node).resume();
  }

  /** Moves the wall clock of a node away from the true time; it notices within a fraction of a second. */
  setClockOffset(node: number, offsetMs: number): void {
    writeFileSync(this.#clockPath(node), String(offsetMs));
  }

  logTail(node: number): string {
    return this.#process(node).logTail();
  }

  /** In node order; undefined for a node that does not answer. */
  statuses(): Promise<(NodeStatus | undefined)[]> {
    const ask = async (node: number): Promise<NodeStatus | undefined> =>
      this.isRunning(node) ? fetchStatus(this.addr(node)) : undefined;
    return Promise.all(this.nodes.map(ask));
  }

  /** The node that claims to lead and that most of the answering nodes follow; undefined when there is none now. */
  async leader(): Promise<number | undefined> {
    const statuses = await this.statuses();
    const claims = this.nodes.filter((node) => statuses[node - 1]?.role === 'leader');
    const followers = (claim: number): number => statuses.filter((status) => status?.leader === claim).length;
    return claims.sort((left, right) => followers(right) - followers(left))[0];
  }

  /** @throws TIMEOUT, with the last words of nodes that ended; at once when too few are left */
  async waitForLeader(timeoutMs: number): Promise<number> {
    const fail = (why: string): QuorateError =>
      new QuorateError('TIMEOUT', [why, ...this.#unexpectedEnds].join('\n'), { outcome: 'none' });
    const isFollowed = async (): Promise<number | undefined> => {
      if (this.nodes.filter((node) => this.isRunning(node)).length < this.quorum)
        throw fail('too few nodes run');
      const leader = await this.leader();
      const statuses = await this.statuses();
      const followers = statuses.filter((status) => status !== undefined && status.leader === leader);
      return followers.length >= this.quorum ? leader : undefined;
    };
    return poll(isFollowed, timeoutMs, () => fail(`no leader within ${timeoutMs} ms`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.nodes
        .filter((node) => this.#processes[node - 1] !== undefined)
        .map((node) => this.terminate(node)),
    );
  }

  #endOnPurpose(node: number): NodeProcess {
    const process_ = this.#process(node);
    // What has ended before was not ended by us.
    if (process_.exit === undefined) this.#meantToEnd.add(process_);
    return process_;
  }

  #process(node: number): NodeProcess {
    const found = this.#processes[node - 1];
    if (found === undefined) throw new QuorateError('ARGUMENT', `node ${node} was never started`);
    return found;
  }

  #clockPath(node: number): string {
    return join(this.#options.directory, `clock-${node}`);
  }
}

function delayUnref<T>(delayMs: number, value: T): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(value), delayMs).unref();
  });
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? '';
}
