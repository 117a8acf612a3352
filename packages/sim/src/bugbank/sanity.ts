/**
 * The other half of every find: the same tools, with the same work, must find nothing in the product as it is. A tool
 * that cries at everything has found no mutant.
 */
import { buildMutant } from '../mutants/patch.ts';
import { sendHunter } from './bank.ts';
import type { Finding, Hunt } from './mutant.ts';

export type Trial = { readonly hunt: Hunt; readonly finding: Finding };

/** Hunts that cover what these findings took. */
export function sanityHunts(trials: readonly Trial[]): Hunt[] {
  return [...simulations(trials), ...searches(trials), ...graphs(trials), ...tests(trials)];
}

export async function trySanity(hunts: readonly Hunt[]): Promise<Finding[]> {
  const copy = buildMutant([], { withTests: hunts.some((hunt) => hunt.tool === 'tests') });
  try {
    const findings: Finding[] = [];
    for (const hunt of hunts) findings.push(await sendHunter(copy.directory, hunt));
    return findings;
  } finally {
    copy.remove();
  }
}

/** Each depth once, as far as the mutant took that was hardest to find there. */
function simulations(trials: readonly Trial[]): Hunt[] {
  return (['simulator', 'engine simulator'] as const).flatMap((tool) => {
    const seeds = trials.flatMap(({ hunt, finding }) =>
      hunt.tool === tool && finding.kind === 'found' ? [finding.work] : [],
    );
    return seeds.length === 0 ? [] : [{ tool, seeds: Math.max(...seeds) }];
  });
}

/** Each scope once, as far as the mutant took that was hardest to find in it. */
function searches(trials: readonly Trial[]): Hunt[] {
  const states = new Map<string, number>();
  for (const { hunt, finding } of trials) {
    if (hunt.tool === 'model checker' && finding.kind === 'found')
      states.set(hunt.scope, Math.max(finding.work, states.get(hunt.scope) ?? 0));
  }
  return [...states].map(([scope, work]) => ({ tool: 'model checker', scope, states: work }));
}

function graphs(trials: readonly Trial[]): Hunt[] {
  const cases = trials.flatMap(({ hunt, finding }) =>
    hunt.tool === 'graph sweep' && finding.kind === 'found' ? [finding.work] : [],
  );
  return cases.length === 0 ? [] : [{ tool: 'graph sweep', cases: Math.max(...cases) }];
}

/** Whole files, each once, and one run for each workspace. */
function tests(trials: readonly Trial[]): Hunt[] {
  const files = new Map<string, Set<string>>();
  for (const { hunt } of trials) {
    if (hunt.tool !== 'tests') continue;
    const known = files.get(hunt.workspace) ?? new Set();
    for (const file of hunt.files) known.add(file);
    files.set(hunt.workspace, known);
  }
  return [...files].map(([workspace, names]) => ({
    tool: 'tests',
    name: `tests of ${workspace}`,
    workspace,
    files: [...names].sort(),
  }));
}
