/**
 * A throw-away PostgreSQL server on 127.0.0.1: a fresh data directory, a free port, no configuration, gone after
 * `stop`. Tests, `quorate up --temporary` and benchmarks start one for each replica.
 */
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, ServerProcess } from '@quorate/core/testing';
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
  #process: ServerProcess | undefined;

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
    return this.#process?.pid ?? 0;
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
    const server = new ServerProcess({
      name: 'the PostgreSQL server',
      program: join(this.#programs, 'postgres'),
      args: ['-D', dataOf(this.directory), ...words],
      directory: this.directory,
      account: this.#account,
      childrenOf,
    });
    this.#process = server;
    // The server writes `ready` into the last line of its pid file.
    await server.untilReady(() => pidFileStatus(this.directory, server.pid) === 'ready', STARTUP_TIMEOUT_MS);
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async restart(): Promise<void> {
    await this.#process?.end('SIGINT');
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#process?.end('SIGINT');
    rmSync(this.directory, { recursive: true, force: true });
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
