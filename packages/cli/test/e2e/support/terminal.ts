/**
 * A program in a real terminal: keys go in as a keyboard sends them, and the screen can be read as a person sees it.
 * tmux is the terminal where it is installed; otherwise `script`, which gives a terminal device without a screen, and
 * the small screen of `screen.ts` in front of it.
 *
 * Everything runs in a shell line that tells the exit status afterwards, so that leaving can be seen on the screen.
 */
import { type ChildProcessWithoutNullStreams, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { poll } from '#src/spawn/index.ts';
import { Screen } from './screen.ts';

export type TerminalOptions = {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** For the program, and for what the terminal itself has to keep. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
};

export interface Terminal {
  /** Text, or control characters such as KEYS has them. Several at once count as pasted, as they would by hand. */
  type(keys: string): Promise<void>;
  /** Lines from the top, without trailing blanks. */
  screen(): Promise<string>;
  close(): Promise<void>;
}

export const KEYS = { enter: '\r', tab: '\t', up: '\u001b[A', ctrlC: '\u0003', ctrlD: '\u0004' } as const;

const COLUMNS = 100;
const ROWS = 50;
const SEEN_TIMEOUT_MS = 10_000;

/** Undefined when this machine has neither program. */
export function terminalTool(): 'tmux' | 'script' | undefined {
  const wanted = process.env['QUORATE_TEST_TERMINAL'];
  if (wanted !== 'script' && isInstalled('tmux', '-V')) return 'tmux';
  return isInstalled('script', '--version') ? 'script' : undefined;
}

export async function openTerminal(tool: 'tmux' | 'script', options: TerminalOptions): Promise<Terminal> {
  return tool === 'tmux' ? TmuxTerminal.open(options) : new ScriptTerminal(options);
}

/** Waits until the screen shows what is looked for; gives the screen. */
export async function see(terminal: Terminal, pattern: RegExp): Promise<string> {
  let seen = '';
  return poll(
    async () => {
      seen = await terminal.screen();
      return pattern.test(seen) ? seen : undefined;
    },
    SEEN_TIMEOUT_MS,
    () => new Error(`the screen does not show ${String(pattern)}:\n${seen}`),
  );
}

/** Runs the program, then tells how it ended and stays, so that the end can be read. */
function shellLine({ command }: TerminalOptions): string {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return `${quoted}; echo "left with $?"; exec cat`;
}

/** A tmux server of its own per terminal: one that is ending takes no new session. */
let terminals = 0;
/** Sockets of the servers that run; they would outlive this process otherwise. */
const servers = new Set<string>();

process.on('exit', () => {
  for (const socket of servers) execFileSync('tmux', ['-S', socket, 'kill-server'], { stdio: 'ignore' });
});

class TmuxTerminal implements Terminal {
  readonly #socket: string;

  private constructor(directory: string) {
    terminals += 1;
    this.#socket = join(directory, `tmux-${terminals}`);
  }

  static async open(options: TerminalOptions): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal(options.directory);
    servers.add(terminal.#socket);
    const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
    await promisify(execFile)(
      'tmux',
      ['-S', terminal.#socket, '-f', '/dev/null', 'new-session', '-d', ...size, shellLine(options)],
      { cwd: options.directory, env: { ...options.env, TMUX: '' } },
    );
    return terminal;
  }

  async type(keys: string): Promise<void> {
    const codes = [...Buffer.from(keys)].map((byte) => byte.toString(16));
    await this.#tmux('send-keys', '-H', ...codes);
  }

  async screen(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p')).trimEnd();
  }

  async close(): Promise<void> {
    servers.delete(this.#socket);
    await this.#tmux('kill-server');
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return (await promisify(execFile)('tmux', ['-S', this.#socket, ...args])).stdout;
  }
}

class ScriptTerminal implements Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #screen = new Screen(ROWS);

  constructor(options: TerminalOptions) {
    const line = `stty cols ${COLUMNS} rows ${ROWS}; ${shellLine(options)}`;
    this.#child = spawn('script', ['-qfec', line, '/dev/null'], {
      cwd: options.directory,
      env: { ...options.env, TERM: 'xterm' },
      stdio: 'pipe',
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#screen.write(text));
  }

  async type(keys: string): Promise<void> {
    this.#child.stdin.write(keys);
  }

  async screen(): Promise<string> {
    return this.#screen.text;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    // Its side of the terminal closes with it, and whoever runs there is hung up on.
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

function isInstalled(program: string, question: string): boolean {
  try {
    execFileSync(program, [question], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // Not there, or not one that answers.
  }
}
