/** Hunts with the simulator: seeds until a property breaks. Deterministic, so a found mutant is found at the same seed. */
import { join } from 'node:path';
import type { SeedsReport } from '../drivers/seeds.ts';
import type { Finding, Hunt } from '../mutant.ts';
import { runNode } from './child.ts';

const DRIVER = join('packages', 'sim', 'dist', 'bugbank', 'drivers', 'seeds.js');

export async function huntWithSeeds(
  directory: string,
  hunt: Extract<Hunt, { tool: 'simulator' }>,
  limitSeconds: number,
): Promise<Finding> {
  const end = await runNode(directory, [DRIVER, '1', String(hunt.seeds)], limitSeconds);
  if (end.timedOut)
    return { kind: 'broken', why: `the simulator did not come to an end within ${limitSeconds} s` };
  if (end.status !== 0)
    return { kind: 'broken', why: `the simulator ended with status ${end.status}: ${lastLines(end.stderr)}` };
  const report = JSON.parse(end.stdout) as SeedsReport;
  const { failure, cpuSeconds: seconds } = report;
  if (failure === undefined)
    return { kind: 'missed', work: report.seeds, effort: `${report.seeds} seeds`, seconds };
  return {
    kind: 'found',
    rule: failure.rule,
    sentence: failure.sentence,
    work: failure.seed,
    effort: `seed ${failure.seed}`,
    seconds,
  };
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(0, 6).join(' | ');
}
