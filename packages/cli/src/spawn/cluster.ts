/**
 * A throw-away cluster of real processes on this machine: `quorate start 1..N` with one `config.yaml` in a
 * directory of its own, on free loopback ports. End-to-end tests, `quorate perf --spawn` and `bench/` share it.
 *
 * Owns: the directory, the processes, and the faults done to them (kill, pause, stop, restart).
 * Leaves to others: what is sent to the cluster. Nodes are numbered from 1, as in `addrs`.
 *
 * @example
 * await using cluster = await ProcessCluster.start({ nodes: 3 });
 * const leader = await cluster.waitForLeader();
 * await cluster.kill(leader);
 * await cluster.waitForLeader();
 * cluster.restart(leader);
 * await cluster.waitUntilCaughtUp(leader);
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@quorate/core/testing';
import { QuorateError } from '@quorate/wire';
import { configText } from './config-text.ts';
import { NodeProcess } from './node-process.ts';
import { fetchStatus, type NodeStatus } from './node-status.ts';
import { poll } from './wait.ts';

export type ClusterOptions = {
  readonly nodes: number;
  /** More top-level keys of `config.yaml`, such as `backend` or `heartbeatMs`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Where the cluster's own directory is made; the system's temporary directory when not given. */
  readonly parentDirectory?: string;
  /** Leave the directory (data and logs) behind at `stop`. */
  readonly keep?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Flags for `node` itself, for instance `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** The script that understands `start N --config FILE`; the `quorate` of this package when not given. */
  readonly script?: string;
  /** How long `start` may take until there is a leader. */
  readonly startTimeoutMs?: number;
};

export const LEADER_TIMEOUT_MS = 15_000;
export const CATCH_UP_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 8000;
const MAX_START_TRIES = 3;
/** Both src/spawn and dist/spawn are two levels below the package. */
const QUORATE = fileURLToPath(new URL('../../bin/quorate.mjs', import.meta.url));

export class ProcessCluster implements AsyncDisposable {
  /** Holds `config.yaml`, `data/` and `node-N.log`. */
  readonly directory: string;
  readonly configPath: string;
  /** `host:port` of node 1, 2, ...; dense. */
  readonly addrs: readonly string[];
  readonly #options: ClusterOptions;
  readonly #nodes: NodeProcess[] = [];
  #isStopped = false;

  private constructor(options: ClusterOptions, ports: readonly number[]) {
    this.#options = options;
    this.addrs = ports.map((port) => `127.0.0.1:${port}`);
    this.directory = mkdtempSync(join(options.parentDirectory ?? tmpdir(), 'quorate-cluster-'));
    this.configPath = join(this.directory, 'config.yaml');
    writeFileSync(
      this.configPath,
      configText(this.addrs, join(this.directory, 'data'), options.settings ?? {}),
    );
  }

  /** Starts all nodes and returns when they have a leader. Another process may take a port first: then again. */
  static async start(options: ClusterOptions): Promise<ProcessCluster> {
    for (let attempt = 1; ; attempt++) {
      const cluster = new ProcessCluster(options, await freePorts(options.nodes));
      try {
        for (let node = 1; node <= options.nodes; node++) cluster.#spawn(node);
        await cluster.waitForLeader(options.startTimeoutMs);
        return cluster;
      } catch (error) {
        const portTaken = cluster.#nodes.some(
          (node) => node.exit !== undefined && /in use|EADDRINUSE/i.test(node.logTail()),
        );
        await cluster.stop();
        if (!portTaken || attempt === MAX_START_TRIES) throw error;
      }
    }
  }

  get size(): number {
    return this.addrs.length;
  }

  get quorum(): number {
    return Math.floor(this.size / 2) + 1;
  }

  /** The process that node `node` last ran as. */
  process(node: number): NodeProcess {
    const found = this.#nodes[node - 1];
    if (found === undefined)
      throw new QuorateError('ARGUMENT', `there is no node ${node}, only 1 to ${this.size}`);
    return found;
  }

  addr(node: number): string {
    this.process(node);
    return this.addrs[node - 1] ?? '';
  }

  /** The data directory of a node, as `quorate inspect` wants it, is below this one. */
  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  logPath(node: number): string {
    return join(this.directory, `node-${node}.log`);
  }

  /** Nodes that run and are not paused, ascending. */
  running(): number[] {
    return this.addrs.map((_, index) => index + 1).filter((node) => isRunning(this.#nodes[node - 1]));
  }

  /** `kill -9`; returns when the process is gone. */
  async kill(node: number): Promise<void> {
    await this.process(node).kill();
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()));
  }

  /** A graceful stop by SIGTERM. False when the node had to be killed. */
  terminate(node: number): Promise<boolean> {
    return this.process(node).terminate(STOP_GRACE_MS);
  }

  pause(node: number): void {
    this.process(node).pause();
  }

  resume(node: number): void {
    this.process(node).resume();
  }

  /** Starts a node again that has ended, on its old directory and port. */
  restart(node: number): void {
    if (this.process(node).exit === undefined)
      throw new QuorateError('ARGUMENT', `node ${node} is still running`);
    this.#spawn(node);
  }

  /** Undefined for a node that does not answer. */
  async status(node: number): Promise<NodeStatus | undefined> {
    return isRunning(this.#nodes[node - 1]) ? fetchStatus(this.addr(node)) : undefined;
  }

  /** What every node says, in the order of the nodes. */
  statuses(): Promise<(NodeStatus | undefined)[]> {
    return Promise.all(this.addrs.map((_, index) => this.status(index + 1)));
  }

  /** The node that leads in the eyes of a quorum, itself included. */
  async leader(): Promise<number | undefined> {
    const statuses = (await this.statuses()).filter((status) => status !== undefined);
    const claims = statuses.filter((status) => status.role === 'leader').map((status) => status.node);
    return claims.find((claim) => statuses.filter((status) => status.leader === claim).length >= this.quorum);
  }

  /** @throws NO_LEADER when the bound is missed, or as soon as so many nodes have ended that there cannot be one. */
  waitForLeader(timeoutMs: number = LEADER_TIMEOUT_MS): Promise<number> {
    const fail = (why: string): QuorateError => new QuorateError('NO_LEADER', `${why}${this.#lastWords()}`);
    return poll(
      () => {
        if (this.running().length < this.quorum) throw fail('too few nodes run to elect a leader');
        return this.leader();
      },
      timeoutMs,
      () => fail(`no leader within ${timeoutMs} ms`),
    );
  }

  /** Returns when the node has applied everything that was learned anywhere when this was called. */
  async waitUntilCaughtUp(node: number, timeoutMs: number = CATCH_UP_TIMEOUT_MS): Promise<void> {
    const target = Math.max(0, ...(await this.statuses()).map((status) => status?.learnedSlot ?? 0));
    await this.waitFor(
      `node ${node} to apply slot ${target}`,
      async () => ((await this.status(node))?.appliedSlot ?? -1) >= target,
      timeoutMs,
    );
  }

  /** @throws TIMEOUT, with `what` in its message, when the condition does not become true in time. */
  async waitFor(
    what: string,
    condition: () => Promise<boolean> | boolean,
    timeoutMs: number = LEADER_TIMEOUT_MS,
  ): Promise<void> {
    await poll(
      async () => ((await condition()) ? true : undefined),
      timeoutMs,
      () =>
        new QuorateError('TIMEOUT', `waited ${timeoutMs} ms for ${what}${this.#lastWords()}`, {
          outcome: 'none',
        }),
    );
  }

  /** Stops every node, gracefully where it works, and removes the directory unless it is to be kept. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#nodes.map((node) => node.terminate(STOP_GRACE_MS)));
    if (this.#options.keep !== true) rmSync(this.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #spawn(node: number): void {
    // Whoever is still at work on a stopped cluster must not leave a process behind.
    if (this.#isStopped) throw new QuorateError('CLOSED', 'the cluster has been stopped');
    const script = this.#options.script ?? QUORATE;
    this.#nodes[node - 1] = new NodeProcess({
      program: process.execPath,
      args: [...(this.#options.nodeFlags ?? []), script, 'start', String(node), '--config', this.configPath],
      cwd: this.directory,
      logPath: this.logPath(node),
      ...(this.#options.env === undefined ? {} : { env: this.#options.env }),
    });
  }

  /** What the nodes that ended said last. */
  #lastWords(): string {
    return this.#nodes
      .map((node, index) =>
        node.exit === undefined ? '' : `\nnode ${index + 1} ended (${describe(node)}): ${node.logTail()}`,
      )
      .join('');
  }
}

function isRunning(node: NodeProcess | undefined): boolean {
  return node !== undefined && node.exit === undefined && !node.paused;
}

function describe(node: NodeProcess): string {
  return node.exit?.signal ?? `status ${node.exit?.code ?? '?'}`;
}
