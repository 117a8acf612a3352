/**
 * One soak from where it stands to its end: takes up what an earlier process left, runs the parts that are open, two at
 * a time where they may share the machine, and keeps the result of each before the next begins.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wrongUse } from '../command-line/index.ts';
import { FULL_MINUTES, type Layer, type Part, type Scale } from './layers.ts';
import { commandLine, root } from './programs.ts';
import { type PartResult, type Progress, readProgress, writeProgress } from './progress.ts';
import { closingLine, failureLines, headerLine, isDone, isGood, layerLine, layerStates } from './report.ts';
import { type RunningPart, startPart } from './run-part.ts';

const DAY_MS = 86_400_000;
const SEEDS_PER_DAY = 20_000;
export const EXIT_INTERRUPTED = 130;

export type SoakOptions = {
  readonly minutes: number | undefined;
  readonly firstSeed: number | undefined;
  /** Parts at a time, of those that may share the machine. */
  readonly jobs: number;
  /** Holds the progress and what failing parts printed. */
  readonly directory: string;
  readonly again: boolean;
  readonly fresh: boolean;
  readonly print: (line: string) => void;
  readonly tell: (line: string) => void;
};

type Task = { readonly layer: Layer; readonly part: Part; readonly line: string };

export class Soak {
  readonly #options: SoakOptions;
  readonly #path: string;
  readonly #scale: Scale;
  readonly #running: Set<RunningPart> = new Set();
  #progress: Progress;
  #isInterrupted = false;

  /** @throws ARGUMENT when what it finds is not the same soak */
  constructor(options: SoakOptions) {
    this.#options = options;
    this.#path = join(options.directory, 'progress.json');
    if (options.fresh) rmSync(options.directory, { recursive: true, force: true });
    this.#progress = this.#resume() ?? this.#begin();
    const { minutes, firstSeed } = this.#progress;
    this.#scale = { share: minutes / FULL_MINUTES, firstSeed };
  }

  /** @returns the exit status */
  async run(): Promise<number> {
    const { minutes, firstSeed, code } = this.#progress;
    this.#options.print(
      `soak of ${minutes} minutes, seeds from ${firstSeed}, code ${code}, in ${this.#options.directory}`,
    );
    const tasks = this.#tasks();
    const shared = tasks.filter(({ layer }) => layer.needs === 'a core');
    await Promise.all(Array.from({ length: this.#options.jobs }, () => this.#work(shared)));
    await this.#work(tasks.filter(({ layer }) => layer.needs === 'the machine'));
    return this.#sumUp();
  }

  #begin(): Progress {
    const { minutes = FULL_MINUTES, firstSeed = Math.floor(Date.now() / DAY_MS) * SEEDS_PER_DAY } =
      this.#options;
    return { version: 1, minutes, firstSeed, code: codeNow(), parts: {} };
  }

  #resume(): Progress | undefined {
    const found = readProgress(this.#path);
    if (found === undefined) return undefined;
    const { minutes = found.minutes, firstSeed = found.firstSeed } = this.#options;
    if (minutes !== found.minutes || firstSeed !== found.firstSeed)
      throw wrongUse(
        `a soak of ${found.minutes} minutes with seeds from ${found.firstSeed} has begun; --fresh forgets it`,
      );
    const code = codeNow();
    if (code !== found.code)
      this.#options.tell(`soak: it began with code ${found.code}, and this is ${code}`);
    return found;
  }

  /** What is left to do, in order. */
  #tasks(): Task[] {
    return layerStates(this.#progress, this.#scale).flatMap(({ layer, results }) =>
      layer.parts(this.#scale).flatMap((part): Task[] => {
        const line = commandLine(part.program, part.args);
        const known = results.get(line);
        const isOpen = known === undefined || (!known.ok && this.#options.again);
        return isOpen ? [{ layer, part, line }] : [];
      }),
    );
  }

  /** Takes from the front of the list until it is empty; several of these share one list. */
  async #work(tasks: Task[]): Promise<void> {
    for (let task = tasks.shift(); task !== undefined && !this.#isInterrupted; task = tasks.shift()) {
      const { layer, part, line } = task;
      const running = startPart(part, layer.needs);
      this.#running.add(running);
      const result = await running.end;
      this.#running.delete(running);
      // A part that was cut off was not done.
      if (this.#isInterrupted) return;
      this.#options.tell(`${result.ok ? 'good' : 'FAILED'} ${result.seconds.toFixed(0)} s: ${line}`);
      this.#keep(layer, line, result);
    }
  }

  #keep(layer: Layer, line: string, { log, ...result }: PartResult): void {
    let kept: PartResult = result;
    if (log !== undefined) {
      const count = Object.keys(this.#progress.parts).length + 1;
      const path = join(this.#options.directory, `failed-${count}.log`);
      // The folder is made by the first write of the progress.
      writeProgress(this.#path, this.#progress);
      writeFileSync(path, `${line}\n${log}`);
      kept = { ...result, log: path };
    }
    this.#progress = { ...this.#progress, parts: { ...this.#progress.parts, [line]: kept } };
    writeProgress(this.#path, this.#progress);
    const state = layerStates(this.#progress, this.#scale).find((other) => other.layer === layer);
    if (state !== undefined && isDone(state)) this.#options.print(layerLine(state));
  }

  /** Stops what runs; it counts as not done. */
  interrupt(): void {
    this.#isInterrupted = true;
    for (const running of this.#running) running.stop();
  }

  #sumUp(): number {
    const states = layerStates(this.#progress, this.#scale);
    this.#options.print(`\n${headerLine()}`);
    for (const state of states) this.#options.print(layerLine(state));
    for (const state of states) for (const line of failureLines(state)) this.#options.print(line);
    this.#options.print(closingLine(states, this.#progress));
    if (this.#isInterrupted) this.#options.tell('soak: interrupted; the same command goes on from here');
    if (this.#isInterrupted) return EXIT_INTERRUPTED;
    return isGood(states) ? 0 : 1;
  }
}

/** The commit, with a plus when files were changed since; `unknown` outside of a repository. */
function codeNow(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
