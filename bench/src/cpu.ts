/**
 * Processor time of processes while a load runs, from /proc. The cost of an operation at the servers does not depend
 * on the load generator, which makes it the fairest number on a machine that both must share.
 */
import { readFileSync } from 'node:fs';

const SAMPLE_INTERVAL_MS = 100;
/** Linux counts processor time in hundredths of a second for every program, whatever the kernel's own tick is. */
const TICK_US = 10_000;
/** The ends of the measured time are left out: the load's own start and end are known only roughly here. */
const MARGIN = 0.1;

type Sample = { readonly atMs: number; readonly cpuUs: number };

export class CpuMeter {
  readonly #pids: readonly number[];
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS);
  }

  /** Cores that the processes used in the `durationMs` before now; undefined where there is no /proc. */
  stop(durationMs: number): number | undefined {
    clearInterval(this.#timer);
    const now = performance.now();
    const within = this.#samples.filter(
      ({ atMs }) => atMs > now - durationMs * (1 - MARGIN) && atMs < now - durationMs * MARGIN,
    );
    const first = within[0];
    const last = within.at(-1);
    if (first === undefined || last === undefined || last.atMs === first.atMs) return undefined;
    return (last.cpuUs - first.cpuUs) / 1000 / (last.atMs - first.atMs);
  }

  #sample(): void {
    const times = this.#pids.map(cpuUsOf);
    if (times.some((time) => time === undefined)) return;
    this.#samples.push({
      atMs: performance.now(),
      cpuUs: times.reduce<number>((sum, time) => sum + (time ?? 0), 0),
    });
  }
}

/** User and system time of all threads. */
function cpuUsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // From field 3 on; a program's name may hold blanks.
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return undefined; // No /proc here, or the process has ended: no number is better than a wrong one.
  }
}
