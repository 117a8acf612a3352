/**
 * Runs a stretch of the cases of one part, says how far it is, and keeps what failed.
 *
 * A stretch can be cut short and taken up again: cases are numbered, and the progress line names the number to go on
 * from. Cases can be shared out among processes by their number.
 */
import { streamOf } from '@quorate/core/protocol';
import type { SweepPart } from './sweep-part.ts';

export type Stretch = {
  /** Numbers of cases, ascending. */
  readonly indices: Iterable<number>;
  readonly count: number;
  /** After so many failures the rest is left out. */
  readonly maxFailures: number;
  /** The numbers follow one another, so that the progress line can say where to go on. */
  readonly resumable?: boolean;
  /** Called now and then with a line for people. */
  readonly progress?: (line: string) => void;
};

export type PartReport = {
  readonly played: number;
  readonly failures: readonly { readonly name: string; readonly complaint: string }[];
  readonly seconds: number;
};

const PROGRESS_EVERY_MS = 2000;

export async function runPart(part: SweepPart, stretch: Stretch): Promise<PartReport> {
  const failures: { readonly name: string; readonly complaint: string }[] = [];
  const startedMs = performance.now();
  let toldMs = startedMs;
  let played = 0;
  for (const index of stretch.indices) {
    const name = part.nameOf(index);
    const complaint = await part.find(name)?.play();
    played += 1;
    if (complaint !== undefined) failures.push({ name, complaint });
    if (failures.length >= stretch.maxFailures) break;
    const nowMs = performance.now();
    if (stretch.progress === undefined || nowMs - toldMs < PROGRESS_EVERY_MS) continue;
    toldMs = nowMs;
    const leftSeconds = ((nowMs - startedMs) / played / 1000) * (stretch.count - played);
    const goOn = stretch.resumable === true ? `; to go on from here: --${part.name} --from ${index + 1}` : '';
    stretch.progress(
      `${part.name}: ${played} of ${stretch.count} cases, ${failures.length} failed, about ${Math.ceil(leftSeconds)} s left${goOn}`,
    );
  }
  return { played, failures, seconds: (performance.now() - startedMs) / 1000 };
}

/** Every case from `from` on whose number leaves this remainder. */
export function* stride(from: number, until: number, share: number, shares: number): Generator<number> {
  for (let index = from; index < until; index++) if (index % shares === share) yield index;
}

/** `count` different numbers below `size`, ascending; equal seeds give equal samples. */
export function sample(size: number, count: number, seed: number): number[] {
  const random = streamOf(seed, 'sample');
  const drawn = new Set<number>();
  while (drawn.size < Math.min(count, size)) drawn.add(random.below(size));
  return [...drawn].sort((left, right) => left - right);
}

/** The line that plays one case again. */
export function replayLine(part: SweepPart, name: string, salt = 0): string {
  return `npm run sweep -- --${part.name} --case ${name}${salt === 0 ? '' : ` --salt ${salt}`} --trace`;
}
