/**
 * A program at a terminal, typed at and read by a test. The terminal is a real one (a pty), made by `script` of
 * util-linux, which every Debian has; where it is missing, the tests that need it say so and prove nothing.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { poll } from '#src/spawn/index.ts';
import { cleanEnvironment, QUORATE, type RunOptions } from './run-quorate.ts';

const WAIT_TIMEOUT_MS = 20_000;

export const KEY = { enter: '\r', tab: '\t', up: '\u001b[A', ctrlC: '\u0003', ctrlD: '\u0004' } as const;

export function hasTerminal(): boolean {
  const found = spawnSync('script', ['--version']).status === 0;
  if (!found) process.stdout.write('      NOT TESTED: there is no `script` command, so no terminal\n');
  return found;
}

export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #text = '';
  /** What was read up to here has been waited for. */
  #seen = 0;

  constructor(args: readonly string[], { cwd, env }: RunOptions = {}) {
    const command = [process.execPath, QUORATE, ...args].map((word) => `'${word}'`).join(' ');
    this.#child = spawn('script', ['-qfec', `exec ${command}`, '/dev/null'], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...cleanEnvironment(env), TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Returns the match, and goes on after it. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    const match = await poll(
      () => pattern.exec(this.#text.slice(this.#seen)) ?? undefined,
      WAIT_TIMEOUT_MS,
      () => new Error(`waited for ${String(pattern)}, saw ${JSON.stringify(this.#text.slice(this.#seen))}`),
    );
    this.#seen += match.index + match[0].length;
    return match;
  }

  /** The exit code of the program. */
  async end(): Promise<number | null> {
    return this.#ended;
  }

  /** Hangs up: the program gets SIGHUP. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
