/**
 * A server program that a test, a benchmark or `--temporary` runs beside this process: started with a bound on the time
 * it may take, its last words kept for the error message, and ended at the latest when this process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { Socket } from 'node:net';

export type ServerProgram = {
  /** For messages: `the Redis server`. */
  readonly name: string;
  /** Path of the program, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** Runs as another user. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  /** Further processes that have to go with a server that is killed; none by default. */
  readonly childrenOf?: (pid: number) => readonly number[];
};

/** What is kept of what the program wrote, in characters. */
const MAX_LOG_CHARS = 8192;
const POLL_MS = 10;

export class ServerProcess {
  readonly #program: ServerProgram;
  readonly #child: ChildProcess;
  #log = '';

  /** Starts it; `untilReady` says what became of that. It does not keep this process alive. */
  constructor(program: ServerProgram) {
    this.#program = program;
    // A process group of its own: a key press in the terminal is not for the server.
    const child = spawn(program.program, program.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      cwd: program.directory,
      ...program.account,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-MAX_LOG_CHARS);
      });
      if (stream instanceof Socket) stream.unref();
    }
    child.once('error', (error) => {
      this.#log += error.message;
    });
    endWithThisProcess(this, child);
    child.unref();
  }

  /** 0 when the program could not be run. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The last of what it wrote. */
  get log(): string {
    return this.#log;
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode, pid } = this.#child;
    return exitCode !== null || signalCode !== null || pid === undefined;
  }

  /** @throws Error with the log when the server ends instead, or is not ready within the time; it is killed then */
  async untilReady(isReady: () => boolean, timeoutMs: number): Promise<void> {
    const { name } = this.#program;
    const deadline = performance.now() + timeoutMs;
    while (!isReady()) {
      if (this.hasEnded) throw new Error(`${name} did not start:\n${this.#log}`);
      if (performance.now() > deadline) {
        await this.kill();
        throw new Error(`${name} was not ready after ${timeoutMs} ms:\n${this.#log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Asks it to end, and waits until it has. */
  async end(signal: NodeJS.Signals): Promise<void> {
    await this.#ended(() => this.#child.kill(signal));
  }

  /** `kill -9`, as a crash would: nothing is said good-bye to. */
  async kill(): Promise<void> {
    await this.#ended(() => this.killAtOnce());
  }

  /** The same without waiting, for the end of this process. */
  killAtOnce(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    for (const each of [pid, ...(this.#program.childrenOf?.(pid) ?? [])]) {
      try {
        process.kill(each, 'SIGKILL');
      } catch {
        // It has ended before.
      }
    }
  }

  async #ended(finish: () => void): Promise<void> {
    if (this.hasEnded) return;
    this.#child.ref();
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    finish();
    await ended;
  }
}

/** Servers that have to end when this process does. */
const running = new Set<ServerProcess>();

function endWithThisProcess(server: ServerProcess, child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killRunning);
  running.add(server);
  const forget = (): void => {
    running.delete(server);
    if (running.size === 0) process.removeListener('exit', killRunning);
  };
  child.once('exit', forget);
  child.once('error', forget);
}

function killRunning(): void {
  for (const server of running) server.killAtOnce();
}

/** There is a file here that this process may execute. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
