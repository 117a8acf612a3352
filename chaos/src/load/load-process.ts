/**
 * A load process as the runner sees it: started with a plan and routes, watched, waited for. It ends by itself when its
 * time is over; one that does not, or that fails, is a failure of the run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { QuorateError } from '@quorate/wire';
import { nowUs } from '../clock.ts';
import { PRELOAD_FLAG } from '../nodes/chaos-cluster.ts';
import { ROUTES_VARIABLE } from '../site/environment.ts';
import type { LoadNotice, LoadPlan } from './plan.ts';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
/** Beyond the end of its time: calls under way, and closing. */
const END_GRACE_MS = 20_000;

export type LoadEnd = { readonly answeredTwice: number; readonly findings: readonly string[] };

export class LoadProcess {
  counts: { readonly done: number; readonly unknown: number; readonly none: number } = {
    done: 0,
    unknown: 0,
    none: 0,
  };
  readonly plan: LoadPlan;
  readonly #child: ChildProcess;
  readonly #logPath: string;
  readonly #exited: Promise<number | null>;
  #end: LoadEnd | undefined;

  constructor(directory: string, plan: LoadPlan, routes: string) {
    this.plan = plan;
    const planPath = join(directory, `load-${plan.site}.json`);
    this.#logPath = join(directory, `load-${plan.site}.log`);
    writeFileSync(planPath, JSON.stringify(plan, undefined, 2));
    const log = openSync(this.#logPath, 'a');
    this.#child = spawn(process.execPath, ['--enable-source-maps', PRELOAD_FLAG, MAIN, planPath], {
      env: { ...process.env, [ROUTES_VARIABLE]: routes },
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    const killed = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', killed);
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        process.off('exit', killed);
        resolve(code);
      });
    });
    if (this.#child.stdout !== null)
      createInterface(this.#child.stdout).on('line', (line) => this.#onLine(line));
  }

  /** @throws TIMEOUT or CLOSED when it did not come to its end */
  async ended(): Promise<LoadEnd> {
    const boundMs = (this.plan.untilUs - nowUs()) / 1000 + END_GRACE_MS;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), Math.max(0, boundMs));
    const code = await this.#exited;
    clearTimeout(timer);
    if (this.#end !== undefined) return this.#end;
    const words = readFileSync(this.#logPath, 'utf8').slice(-2000);
    throw new QuorateError('CLOSED', `the load of ${this.plan.site} ended early (status ${code}): ${words}`);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #onLine(line: string): void {
    const notice = JSON.parse(line) as LoadNotice;
    if (notice.kind === 'progress') this.counts = notice;
    else this.#end = notice;
  }
}
