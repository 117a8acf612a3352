/**
 * Runs inside a mutant's directory: seeds of the simulator, one after another, until one fails. Prints one line of
 * JSON, a `SeedsReport`. Arguments: first and last seed.
 */
import { simulate } from '../../simulate.ts';
import { cpuSeconds } from './cpu-seconds.ts';

export type SeedsReport = {
  /** Seeds that were run, the failing one included. */
  readonly seeds: number;
  readonly events: number;
  readonly cpuSeconds: number;
  readonly failure?: { readonly seed: number; readonly rule: string; readonly sentence: string };
};

const [first = 1, last = 1] = process.argv.slice(2).map(Number);
process.stdout.write(`${JSON.stringify(hunt(first, last))}\n`);

function hunt(firstSeed: number, lastSeed: number): SeedsReport {
  let events = 0;
  for (let seed = firstSeed; seed <= lastSeed; seed++) {
    const verdict = simulate({ seed });
    events += verdict.events;
    const progress = { seeds: seed - firstSeed + 1, events, cpuSeconds: cpuSeconds() };
    if (!verdict.ok)
      return { ...progress, failure: { seed, rule: verdict.violated, sentence: verdict.sentence } };
    if (seed === lastSeed) return progress;
  }
  return { seeds: 0, events, cpuSeconds: cpuSeconds() };
}
