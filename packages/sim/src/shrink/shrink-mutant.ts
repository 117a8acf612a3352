/**
 * The same with a planted bug: finds the first seed that shows a mutant of the bank, and reduces it in the mutant's own
 * copy of the code.
 */
import { CATALOGUE } from '../bugbank/catalogue/index.ts';
import { buildMutant } from '../mutants/patch.ts';
import type { simulate as simulateHere } from '../simulate.ts';
import type { NotShrunk, Shrunk, shrinkSeed } from './shrink-seed.ts';

export type MutantOptions = {
  readonly id: string;
  readonly budgetSeconds: number;
  readonly say: (line: string) => void;
};

/** Seeds that are tried. */
const MAX_SEEDS = 2000;

export async function shrinkMutant({ id, budgetSeconds, say }: MutantOptions): Promise<Shrunk | NotShrunk> {
  const mutant = CATALOGUE.find((one) => one.id === id);
  if (mutant === undefined) return { why: `there is no mutant ${id} in the bug bank` };
  const copy = buildMutant(mutant.patches);
  try {
    const { simulate } = (await import(copy.urlOf('sim/simulate.ts'))) as { simulate: typeof simulateHere };
    const shrink = (await import(copy.urlOf('sim/shrink/shrink-seed.ts'))) as {
      shrinkSeed: typeof shrinkSeed;
    };
    for (let seed = 1; seed <= MAX_SEEDS; seed++)
      if (!simulate({ seed }).ok) return shrink.shrinkSeed({ seed, budgetSeconds, say });
    return { why: `no seed up to ${MAX_SEEDS} shows mutant ${id}` };
  } finally {
    copy.remove();
  }
}
