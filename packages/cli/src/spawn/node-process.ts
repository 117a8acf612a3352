/**
 * One process that this process started and answers for: its signals, its end, its output in a file.
 *
 * Every child ends with its parent: an exit hook kills what is still running, so that a failed test or a stopped
 * measurement leaves nothing behind. A child is only ever signalled by its own pid, and only while it has not been
 * seen to end, so a pid that was used again for somebody else's process is never hit.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export type ChildExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ChildCommand = {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended to this file. */
  readonly logPath: string;
};

const LOG_TAIL_CHARS = 2000;
const live = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of live) child.kill('SIGKILL');
});

export class NodeProcess {
  readonly pid: number;
  readonly logPath: string;
  /** Settles when the process has ended, whatever the reason. */
  readonly ended: Promise<ChildExit>;
  readonly #child: ChildProcess;
  #exit: ChildExit | undefined;
  #paused = false;

  constructor(command: ChildCommand) {
    const output = openSync(command.logPath, 'a');
    this.logPath = command.logPath;
    this.#child = spawn(command.program, [...command.args], {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    live.add(this.#child);
    this.pid = this.#child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      const settle = (exit: ChildExit): void => {
        live.delete(this.#child);
        this.#exit = exit;
        resolve(exit);
      };
      this.#child.once('exit', (code, signal) => settle({ code, signal }));
      this.#child.once('error', () => settle({ code: 127, signal: null })); // The program could not be started.
    });
  }

  /** Undefined while the process runs. */
  get exit(): ChildExit | undefined {
    return this.#exit;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** SIGKILL: no handler runs, nothing is flushed. Returns when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** SIGTERM, and after `graceMs` SIGKILL. True when the process ended by itself in time. */
  async terminate(graceMs: number): Promise<boolean> {
    if (this.#exit !== undefined) return true;
    this.resume();
    this.#child.kill('SIGTERM');
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      this.#child.kill('SIGKILL');
    }, graceMs);
    await this.ended;
    clearTimeout(timer);
    return inTime;
  }

  /** SIGSTOP: the process keeps its sockets and does nothing. */
  pause(): void {
    this.#child.kill('SIGSTOP');
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused) this.#child.kill('SIGCONT');
    this.#paused = false;
  }

  /** The end of what the process wrote, for messages about why it failed. */
  logTail(): string {
    return readFileSync(this.logPath, 'utf8').slice(-LOG_TAIL_CHARS).trim();
  }
}
