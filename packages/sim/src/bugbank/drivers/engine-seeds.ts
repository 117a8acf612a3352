/**
 * Runs inside a mutant's directory: seeds of the simulator's engine depth, one after another, until one fails. Prints
 * one line of JSON, a `SeedsReport`. Arguments: first and last seed.
 */
import { simulateEngine } from '../../engine/simulate-engine.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import type { SeedsReport } from './seeds.ts';

const [first = 1, last = 1] = process.argv.slice(2).map(Number);
process.stdout.write(`${JSON.stringify(await hunt(first, last))}\n`);

async function hunt(firstSeed: number, lastSeed: number): Promise<SeedsReport> {
  let events = 0;
  for (let seed = firstSeed; seed <= lastSeed; seed++) {
    const verdict = await simulateEngine({ seed, historyShare: 1 });
    events += verdict.events;
    const progress = { seeds: seed - firstSeed + 1, events, cpuSeconds: cpuSeconds() };
    if (!verdict.ok)
      return { ...progress, failure: { seed, rule: verdict.violated, sentence: verdict.sentence } };
    if (seed === lastSeed) return progress;
  }
  return { seeds: 0, events, cpuSeconds: cpuSeconds() };
}
