/** Carries out a plan of faults: each at its time, unless the run is over by then. */
import type { Scheduler } from './scheduler.ts';

/** For the end of a fault: runs `run` after so long, unless the run is over by then. */
export type Later = (delayMs: number, run: () => void) => void;

export function schedulePlan<Strike extends { readonly atMs: number }>(
  scheduler: Scheduler,
  plan: readonly Strike[],
  isOver: () => boolean,
  hit: (strike: Strike, later: Later) => void,
): void {
  const later: Later = (delayMs, run) => {
    scheduler.after(delayMs, () => {
      if (!isOver()) run();
    });
  };
  for (const strike of plan) later(strike.atMs, () => hit(strike, later));
}
