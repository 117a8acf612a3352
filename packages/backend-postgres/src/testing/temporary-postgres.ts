/**
 * A throw-away PostgreSQL server on 127.0.0.1: a fresh data directory, a free port, no configuration, gone after
 * `stop`. Tests, `quorate up --temporary` and benchmarks start one for each replica.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@quorate/core/testing';
import { type Account, findServerPrograms, serverAccount } from './server-programs.ts';

export type TemporaryPostgresOptions = {
  /** Folder with `initdb` and `postgres`; found on the machine by default. */
  readonly programs?: string;
  /** Flush to disk as a real server does. Off by default: a killed process loses nothing by it, only a power cut does. */
  readonly fsync?: boolean;
  /** More server settings, as `-c name=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Arguments for `initdb` after the usual ones, for instance another locale. */
  readonly initArguments?: readonly string[];
  /** Becomes a standby of this server, under this name, in place of an empty server. Needs `pg_basebackup`. */
  readonly standbyOf?: { readonly url: string; readonly name: string };
  /** Where the data directory is made; the system's temporary folder by default. Other users must get through. */
  readonly parent?: string;
};

export type TemporaryPostgres = {
  /** `postgres://postgres@127.0.0.1:PORT/postgres`: the superuser, without a password, from this machine only. */
  readonly url: string;
  readonly port: number;
  /** Of the server process that runs now; another one after `restart`. */
  readonly pid: number;
  /** Holds the data and `server.log`; removed by `stop`. */
  readonly directory: string;
  /** `kill -9` of the server and its children, as a crash would: nothing is said good-bye to. */
  kill(): Promise<void>;
  /** Starts the server again on the same data and port, after `kill` or after a fast shutdown made here. */
  restart(): Promise<void>;
  /** Ends the server and removes its directory. May be called more than once. */
  stop(): Promise<void>;
};

const STARTUP_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** @throws Error when there is no PostgreSQL on the machine, saying what to install, or with the log's last lines */
export async function startTemporaryPostgres(
  options: TemporaryPostgresOptions = {},
): Promise<TemporaryPostgres> {
  const programs = options.programs ?? findServerPrograms();
  const account = serverAccount();
  const directory = mkdtempSync(join(options.parent ?? tmpdir(), 'quorate-postgres-'));
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  try {
    await initialize(programs, directory, account, options);
    const [port = 0] = await freePorts(1);
    const server = new Server(programs, directory, account, options, port);
    await server.start();
    return server;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

class Server implements TemporaryPostgres {
  readonly directory: string;
  readonly port: number;
  readonly #programs: string;
  readonly #account: Account | undefined;
  readonly #options: TemporaryPostgresOptions;
  #child: ChildProcess | undefined;
  #log = '';

  constructor(
    programs: string,
    directory: string,
    account: Account | undefined,
    options: TemporaryPostgresOptions,
    port: number,
  ) {
    this.#programs = programs;
    this.directory = directory;
    this.#account = account;
    this.#options = options;
    this.port = port;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: this.#options.fsync === true ? 'on' : 'off',
      ...this.#options.settings,
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#log = '';
    // A process group of its own: a key press in the terminal is not for the server.
    const child = spawn(join(this.#programs, 'postgres'), ['-D', dataOf(this.directory), ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      cwd: this.directory,
      ...this.#account,
    });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-8192);
    });
    if (child.stderr instanceof Socket) child.stderr.unref();
    endWithProcess(child);
    child.unref();
    await this.#ready(child);
  }

  /** The server writes `ready` into the last line of its pid file. */
  async #ready(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + STARTUP_TIMEOUT_MS;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
        throw new Error(`the PostgreSQL server did not start:\n${this.#log}`);
      if (pidFileStatus(this.directory, child.pid) === 'ready') return;
      if (performance.now() > deadline) {
        await this.kill();
        throw new Error(`the PostgreSQL server was not ready after ${STARTUP_TIMEOUT_MS} ms:\n${this.#log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async kill(): Promise<void> {
    await this.#end(killAll);
  }

  async restart(): Promise<void> {
    await this.#end((child) => child.kill('SIGINT'));
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end((child) => child.kill('SIGINT'));
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #end(finish: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    finish(child);
    await ended;
  }
}

/** Servers that have to end when this process does. */
const running = new Set<ChildProcess>();

function endWithProcess(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killRunning);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.removeListener('exit', killRunning);
  });
}

function killRunning(): void {
  for (const child of running) killAll(child);
}

/** A server and its children. */
function killAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // It has ended before.
    }
  }
}

/** Every child of the server leads a process group of its own, so they have to be found one by one. */
function childrenOf(parent: number): number[] {
  if (!existsSync('/proc')) return []; // They notice the death of the server themselves, a moment later.
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return Number(parent);
  } catch {
    return undefined;
  }
}

function dataOf(directory: string): string {
  return join(directory, 'data');
}

function pidFileStatus(directory: string, pid: number): string {
  try {
    const lines = readFileSync(join(dataOf(directory), 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid ? (lines[7] ?? '').trim() : '';
  } catch {
    return '';
  }
}

function initialize(
  programs: string,
  directory: string,
  account: Account | undefined,
  { initArguments = [], standbyOf }: TemporaryPostgresOptions,
): Promise<void> {
  const data = ['-D', dataOf(directory)];
  if (standbyOf !== undefined) {
    const source = `${standbyOf.url}?application_name=${standbyOf.name}`;
    const words = [...data, '-d', source, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
    return runToEnd(join(programs, 'pg_basebackup'), words, directory, account);
  }
  const words = [...data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  return runToEnd(join(programs, 'initdb'), [...words, ...initArguments], directory, account);
}

/** @throws Error with everything that the program said */
function runToEnd(
  program: string,
  words: readonly string[],
  directory: string,
  account: Account | undefined,
): Promise<void> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory, ...account });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} failed:\n${output}`));
    });
  });
}
