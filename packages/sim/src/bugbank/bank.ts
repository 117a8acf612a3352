/**
 * One mutant from planting to verdict: builds the copy, sends the tool that the mutant names, and judges what it brought.
 */
import { buildMutant, type Mutant as Copy } from '../mutants/patch.ts';
import { huntInStates, huntOnGraphs, huntWithSeeds } from './hunters/drivers.ts';
import { huntWithTests } from './hunters/tests.ts';
import type { Finding, Hunt, Mutant } from './mutant.ts';

/** A child that runs this long on the wall clock hangs, however busy the machine is. */
const HANG_SECONDS = 300;

export async function tryMutant(mutant: Mutant): Promise<Finding> {
  let copy: Copy;
  try {
    copy = buildMutant(mutant.patches, { withTests: mutant.hunt.tool === 'tests' });
  } catch (error) {
    return { kind: 'broken', why: error instanceof Error ? error.message : String(error) };
  }
  try {
    return await sendHunter(copy.directory, mutant.hunt);
  } finally {
    copy.remove();
  }
}

export function sendHunter(directory: string, hunt: Hunt): Promise<Finding> {
  switch (hunt.tool) {
    case 'simulator':
    case 'engine simulator':
      return huntWithSeeds(directory, hunt, HANG_SECONDS);
    case 'model checker':
      return huntInStates(directory, hunt, HANG_SECONDS);
    case 'graph sweep':
      return huntOnGraphs(directory, hunt, HANG_SECONDS);
    case 'tests':
      return huntWithTests(directory, hunt, HANG_SECONDS);
    default:
      return hunt satisfies never;
  }
}
