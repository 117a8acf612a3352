/**
 * The effects of the undisturbed golden run, in order: what the sweeps number their cases by.
 */
import { CoverageCounts } from '../../coverage.ts';
import { CoverageObserver } from '../../coverage-observer.ts';
import type { Effect } from './effect-meter.ts';
import { GoldenRun } from './golden-run.ts';

export type Score = {
  readonly salt: number;
  /** Up to the end of the script; effect `number` is at index `number - 1`. */
  readonly effects: readonly Effect[];
  /** What the run went through. */
  readonly coverage: CoverageCounts;
};

/** Plays it once, and again only to find the same. */
export function readScore(salt = 0): Score {
  const effects: Effect[] = [];
  const coverage = new CoverageCounts();
  const run = new GoldenRun((effect) => void effects.push(effect), salt);
  const observer = new CoverageObserver(coverage, run.stage.world.disks);
  run.stage.watch((event) => observer.observe(event));
  run.play();
  return { salt, effects: effects.slice(0, run.effectsOfScript), coverage };
}
