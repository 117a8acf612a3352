/**
 * A program in tmux, a terminal with a real screen: keys go in as a keyboard sends them, and the screen is read as a
 * person sees it.
 *
 * The program runs in a shell line that tells its exit status afterwards, so that leaving shows on the screen.
 */
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { poll } from '#src/spawn/index.ts';

export type TerminalOptions = {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** For the program, and for the socket of the terminal. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
};

export const KEYS = { enter: '\r', tab: '\t', up: '\u001b[A', ctrlC: '\u0003', ctrlD: '\u0004' } as const;

const COLUMNS = '100';
const ROWS = '50';
const SEEN_TIMEOUT_MS = 10_000;
/** Sockets of the servers that run; they would outlive this process otherwise. */
const servers = new Set<string>();
/** A tmux server of its own per terminal: one that is ending takes no new session. */
let terminals = 0;

process.on('exit', () => {
  for (const socket of servers) execFileSync('tmux', ['-S', socket, 'kill-server'], { stdio: 'ignore' });
});

export function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // Not installed.
  }
}

export class TmuxTerminal {
  readonly #socket: string;

  private constructor(directory: string) {
    terminals += 1;
    this.#socket = join(directory, `tmux-${terminals}`);
  }

  static async open({ command, directory, env }: TerminalOptions): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal(directory);
    const line = `${command.map(quoted).join(' ')}; echo "left with $?"; exec cat`;
    const session = ['new-session', '-d', '-x', COLUMNS, '-y', ROWS, line];
    servers.add(terminal.#socket);
    await promisify(execFile)('tmux', ['-S', terminal.#socket, '-f', '/dev/null', ...session], {
      cwd: directory,
      env: { ...env, TMUX: '' },
    });
    return terminal;
  }

  /** Text, or control characters such as KEYS has them. Several at once count as pasted, as they would by hand. */
  async type(keys: string): Promise<void> {
    const codes = [...Buffer.from(keys)].map((byte) => byte.toString(16));
    await this.#tmux('send-keys', '-H', ...codes);
  }

  /** Lines from the top, without trailing blanks. */
  async screen(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p')).trimEnd();
  }

  /** Waits until the screen shows what is looked for; gives the screen. */
  async see(pattern: RegExp): Promise<string> {
    let seen = '';
    return poll(
      async () => {
        seen = await this.screen();
        return pattern.test(seen) ? seen : undefined;
      },
      SEEN_TIMEOUT_MS,
      () => new Error(`the screen does not show ${String(pattern)}:\n${seen}`),
    );
  }

  async close(): Promise<void> {
    servers.delete(this.#socket);
    await this.#tmux('kill-server');
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return (await promisify(execFile)('tmux', ['-S', this.#socket, ...args])).stdout;
  }
}

/** For the shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
