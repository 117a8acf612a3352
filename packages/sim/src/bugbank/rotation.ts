/**
 * Which mutants a run of the tests tries: eight of them, others on the next day, all of them in turn. Depends on the
 * day alone, so that everybody who runs the tests today tries the same ones and can repeat it.
 */
import type { Mutant } from './mutant.ts';

export const ROTATION_SIZE = 8;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Days since 1970. `BUGBANK_DAY` in the environment stands in for the calendar. */
export function dayOf(nowMs: number, override: string | undefined): number {
  if (override === undefined || override === '') return Math.floor(nowMs / DAY_MS);
  const day = Number(override);
  if (!Number.isSafeInteger(day) || day < 0)
    throw new RangeError(`BUGBANK_DAY must be a number of days, not "${override}"`);
  return day;
}

/** Steps through the catalogue, so that neighbours, which are alike, are not tried on the same day. */
export function rotationOf(day: number, mutants: readonly Mutant[]): Mutant[] {
  const groups = Math.ceil(mutants.length / ROTATION_SIZE);
  return mutants.filter((_, index) => index % groups === day % groups);
}
