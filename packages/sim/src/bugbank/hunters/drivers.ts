/**
 * Hunts with the tools that search by themselves: each is a program in the mutant's own copy that works until it finds
 * something or has done what it was given. Deterministic: what is found once is found again, with the same work.
 */
import { join } from 'node:path';
import type { GraphsReport } from '../drivers/graphs.ts';
import type { SeedsReport } from '../drivers/seeds.ts';
import type { StatesReport } from '../drivers/states.ts';
import type { Finding, Hunt } from '../mutant.ts';
import { runNode } from './child.ts';

type HuntWith<Tool extends Hunt['tool']> = Extract<Hunt, { tool: Tool }>;

export async function huntWithSeeds(
  directory: string,
  hunt: HuntWith<'simulator' | 'engine simulator'>,
  limitSeconds: number,
): Promise<Finding> {
  const driver = hunt.tool === 'simulator' ? 'seeds' : 'engine-seeds';
  const answer = await ask<SeedsReport>(directory, driver, ['1', String(hunt.seeds)], limitSeconds);
  if (answer.kind === 'broken') return answer;
  const { failure, seeds: work, cpuSeconds: seconds } = answer.report;
  if (failure === undefined) return { kind: 'missed', work, effort: `${work} seeds`, seconds };
  return { kind: 'found', ...failure, work: failure.seed, effort: `seed ${failure.seed}`, seconds };
}

export async function huntInStates(
  directory: string,
  hunt: HuntWith<'model checker'>,
  limitSeconds: number,
): Promise<Finding> {
  const answer = await ask<StatesReport>(
    directory,
    'states',
    [hunt.scope, String(hunt.states)],
    limitSeconds,
  );
  if (answer.kind === 'broken') return answer;
  const { failure, states: work, cpuSeconds: seconds } = answer.report;
  const effort = `${work.toLocaleString('en')} states`;
  return failure === undefined
    ? { kind: 'missed', work, effort, seconds }
    : { kind: 'found', ...failure, work, effort, seconds };
}

export async function huntOnGraphs(
  directory: string,
  hunt: HuntWith<'graph sweep'>,
  limitSeconds: number,
): Promise<Finding> {
  const answer = await ask<GraphsReport>(directory, 'graphs', [String(hunt.cases)], limitSeconds);
  if (answer.kind === 'broken') return answer;
  const { failure, cases: work, cpuSeconds: seconds } = answer.report;
  const effort = `${work} graphs`;
  return failure === undefined
    ? { kind: 'missed', work, effort, seconds }
    : { kind: 'found', ...failure, work, effort, seconds };
}

type Answer<Report> =
  | { readonly kind: 'report'; readonly report: Report }
  | Extract<Finding, { kind: 'broken' }>;

/** Runs `drivers/<name>.ts` of the copy; it prints one line of JSON. */
async function ask<Report>(
  directory: string,
  name: string,
  args: readonly string[],
  limitSeconds: number,
): Promise<Answer<Report>> {
  const driver = join('packages', 'sim', 'dist', 'bugbank', 'drivers', `${name}.js`);
  const end = await runNode(directory, [driver, ...args], limitSeconds);
  if (end.timedOut) return { kind: 'broken', why: `no end within ${limitSeconds} s` };
  if (end.status !== 0)
    return { kind: 'broken', why: `ended with status ${end.status}: ${firstLines(end.stderr)}` };
  return { kind: 'report', report: JSON.parse(end.stdout) as Report };
}

function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, 6).join(' | ');
}
