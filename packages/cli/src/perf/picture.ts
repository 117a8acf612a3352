/**
 * A look at the run in text: how the latencies are distributed, and how the worst one of each stretch went over time
 * on a logarithmic scale. Numbers hide a second hump or a stall; a picture does not.
 */
import { BAR_LIMITS_MS } from './recorder.ts';
import { ms } from './report.ts';
import type { Timeline } from './timeline.ts';

const BAR_CHARS = 50;
const COURSE_CHARS = 72;
const LEVELS = ' ▁▂▃▄▅▆▇█';

/** Bars from the first to the last that is not empty. A rare one is drawn as a dot, never as nothing. */
export function histogramPicture(bars: readonly number[]): string {
  const total = bars.reduce((sum, bar) => sum + bar, 0);
  if (total === 0) return '';
  const tallest = Math.max(...bars);
  const first = bars.findIndex((bar) => bar > 0);
  const last = bars.findLastIndex((bar) => bar > 0);
  const lines: string[] = [];
  for (let index = first; index <= last; index++) {
    const bar = bars[index] ?? 0;
    const drawn = bar === 0 ? '' : '#'.repeat(Math.round((bar / tallest) * BAR_CHARS)) || '.';
    lines.push(
      `${label(index).padStart(10)} | ${drawn.padEnd(BAR_CHARS)} ${((100 * bar) / total).toFixed(2).padStart(6)} %  ${bar}`,
    );
  }
  return lines.join('\n');
}

function label(index: number): string {
  const limit = BAR_LIMITS_MS[index];
  return limit === undefined ? `>= ${BAR_LIMITS_MS.at(-1) ?? 0} ms` : `< ${limit} ms`;
}

/** One character per stretch of time; a blank is a stretch without an answer. */
export function coursePicture(timeline: Timeline): string {
  const slices = timeline.slices(COURSE_CHARS);
  const answered = slices.filter((slice) => slice.count > 0);
  if (answered.length === 0) return '';
  const lowest = Math.min(...answered.map((slice) => slice.maxMs));
  const highest = Math.max(...answered.map((slice) => slice.maxMs));
  const line = slices
    .map((slice) => (slice.count === 0 ? ' ' : LEVELS[level(slice.maxMs, lowest, highest)]))
    .join('');
  return `worst latency over time, from ${ms(lowest)} to ${ms(highest)} ms (log)\n[${line}]`;
}

/** From 1 to 8, in equal steps of the logarithm. */
function level(value: number, lowest: number, highest: number): number {
  const steps = LEVELS.length - 1;
  const share = highest > lowest ? Math.log(value / lowest) / Math.log(highest / lowest) : 0;
  return 1 + Math.min(steps - 1, Math.floor(share * steps));
}
