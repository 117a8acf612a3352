/**
 * A throw-away Redis server on 127.0.0.1: an empty directory, a free port, no persistence, gone after `stop`. Tests,
 * `quorate up --temporary` and benchmarks start one for each replica.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePorts, isProgram, ServerProcess } from '@quorate/core/testing';

export type TemporaryRedisOptions = {
  /** Path of `redis-server`; found on PATH by default. */
  readonly program?: string;
  /** More settings, as `--name value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the directory is made; the system's temporary folder by default. */
  readonly parent?: string;
};

export type TemporaryRedis = {
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Of the server process that runs now; another one after `restart`. */
  readonly pid: number;
  /** The server's working directory; removed by `stop`. */
  readonly directory: string;
  /** `kill -9`. Everything that the server held is gone, unless settings make it persist. */
  kill(): Promise<void>;
  /** Starts the server again on the same port and directory, after `kill` or after a shutdown made here. */
  restart(): Promise<void>;
  /** Ends the server and removes its directory. May be called more than once. */
  stop(): Promise<void>;
};

export const HOW_TO_INSTALL: string =
  'install Redis 7.0 or later: `apt-get install -y redis-server` on Debian and Ubuntu (the service it may start is not needed)';

const STARTUP_TIMEOUT_MS = 30_000;
/** Two servers that look for a free port at the same time may find the same one. */
const START_ATTEMPTS = 5;

/** @throws Error when there is no Redis on the machine, saying what to install, or with the log's last lines */
export async function startTemporaryRedis(options: TemporaryRedisOptions = {}): Promise<TemporaryRedis> {
  const program = options.program ?? findRedisServer();
  const directory = mkdtempSync(join(options.parent ?? tmpdir(), 'quorate-redis-'));
  for (let attempt = 1; ; attempt++) {
    const [port = 0] = await freePorts(1);
    const server = new Server(program, directory, options.settings ?? {}, port);
    try {
      await server.start();
      return server;
    } catch (error) {
      if (attempt < START_ATTEMPTS && (error as Error).message.includes('Address already in use')) continue;
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }
}

/** The path of `redis-server`. @throws Error that says what to install */
export function findRedisServer(): string {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const found = directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'redis-server'))
    .find(isProgram);
  if (found === undefined) throw new Error(`no redis-server on PATH; ${HOW_TO_INSTALL}`);
  return found;
}

class Server implements TemporaryRedis {
  readonly directory: string;
  readonly port: number;
  readonly #program: string;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ServerProcess | undefined;

  constructor(program: string, directory: string, settings: Readonly<Record<string, string>>, port: number) {
    this.#program = program;
    this.directory = directory;
    this.#settings = settings;
    this.port = port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    const settings = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.directory,
      save: '',
      appendonly: 'no',
      ...this.#settings,
    };
    const server = new ServerProcess({
      name: 'the Redis server',
      program: this.#program,
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      directory: this.directory,
    });
    this.#process = server;
    await server.untilReady(() => server.log.includes('Ready to accept connections'), STARTUP_TIMEOUT_MS);
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async restart(): Promise<void> {
    await this.#process?.end('SIGTERM');
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#process?.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
