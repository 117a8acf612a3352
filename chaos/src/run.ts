/**
 * All rounds of a run and the verdict on them. The verdict is a failure when anything that must never happen did; it is
 * void when too little was done to mean anything; only then it is a yes.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { shrink, timeline } from '@quorate/sim';
import type { ChaosOptions } from './options.ts';
import { type Progress, type RoundResult, runRound } from './round.ts';
import { planRounds, type RoundPlan } from './round-plan.ts';
import type { OnceReport } from './verdict/exactly-once.ts';

export type Verdict =
  | { readonly kind: 'yes'; readonly operations: number; readonly faults: number }
  | { readonly kind: 'void'; readonly why: string }
  | { readonly kind: 'no'; readonly operations: number; readonly faults: number; readonly why: string };

/** Twenty in five minutes; any run shorter than that is held to its share. */
const MIN_FAULTS_PER_MINUTE = 4;
const MAX_DRAWN = 2;

export type RunOutput = {
  /** Progress, for people who wait. */
  readonly progress: Progress;
  /** Reports of rounds and findings, whole lines. */
  readonly report: (text: string) => void;
};

/** Stops after the first round that fails: its directory stays, and the next one would only bury it. */
export async function runChaos(
  options: ChaosOptions,
  directory: string,
  output: RunOutput,
): Promise<Verdict> {
  const rounds = planRounds(options);
  let operations = 0;
  let faults = 0;
  let achieved = 0;
  for (const plan of rounds) {
    const roundDirectory = join(directory, `round-${plan.number}`);
    const result = await tryRound(plan, roundDirectory, output);
    if (typeof result === 'string') return { kind: 'no', operations, faults, why: result };
    output.report(summary(result));
    operations += result.report.calls;
    faults += result.faults.filter(({ fired }) => fired).length;
    achieved += result.achievedPerSecond / rounds.length;
    const why = failureOf(result);
    if (why !== undefined) {
      output.report(evidence(result));
      return { kind: 'no', operations, faults, why };
    }
    if (!options.keep) rmSync(roundDirectory, { recursive: true, force: true });
  }
  const wanted = Math.ceil((options.seconds / 60) * MIN_FAULTS_PER_MINUTE);
  if (faults < wanted)
    return { kind: 'void', why: `only ${faults} faults fired, at least ${wanted} are wanted` };
  if (achieved < options.rate)
    return {
      kind: 'void',
      why: `only ${achieved.toFixed(0)} calls per second were answered, ${options.rate} are wanted`,
    };
  return { kind: 'yes', operations, faults };
}

async function tryRound(
  plan: RoundPlan,
  directory: string,
  output: RunOutput,
): Promise<RoundResult | string> {
  const name = `round ${plan.number}/${plan.rounds}, ${plan.nodes} nodes, ${plan.backend}`;
  output.progress(`${name}: starting, settings ${JSON.stringify(plan.settings)}`);
  try {
    return await runRound(plan, directory, (line) => output.progress(`${name}: ${line}`));
  } catch (error) {
    return `${name} did not come to its end: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Undefined for a good round. */
function failureOf({ report, findings }: RoundResult): string | undefined {
  const [finding] = findings;
  if (report.verdict === 'no') return `${report.violations.length} keys have no order that explains them`;
  if (finding !== undefined)
    return findings.length === 1 ? finding : `${finding} (and ${findings.length - 1} more)`;
  return report.verdict === 'undecided' ? `${report.undecided.length} keys could not be decided` : undefined;
}

function summary(result: RoundResult): string {
  const { plan, report, once, recovery, faults, achievedPerSecond, answeredTwice, leftOut } = result;
  const fired = faults.filter((fault) => fault.fired).length;
  return [
    `round ${plan.number}/${plan.rounds}: ${plan.nodes} nodes, ${plan.backend}, seed ${plan.seed}: ${report.calls} operations on ${report.keys} keys, ${achievedPerSecond.toFixed(0)} answered per second`,
    `  faults: ${fired} of ${faults.length} fired; ${recovery === undefined ? 'the cluster did not come back' : `a leader ${recovery.leaderMs} ms and equal replicas ${recovery.equalMs} ms after healing`}`,
    ...(once === undefined ? [] : [onceLine(once, answeredTwice)]),
    `  history: ${report.verdict === 'yes' ? 'linearizable' : report.verdict}, ${report.undecided.length} keys undecided, ${report.configurations} configurations`,
    ...leftOut.map((what) => `  left out: ${what}`),
    '',
  ].join('\n');
}

function onceLine(once: OnceReport, answeredTwice: number): string {
  const { acknowledgedWritesChecked, acknowledgedIncrements, unknownIncrements } = once;
  return `  once: ${acknowledgedWritesChecked} acknowledged writes present, ${acknowledgedIncrements} increments acknowledged, ${unknownIncrements} of unknown end, ${answeredTwice} commands answered twice alike`;
}

function evidence({ report, findings, history, plan, directory, faults }: RoundResult): string {
  return [
    ...report.violations.slice(0, MAX_DRAWN).map((violation) => timeline(shrink(violation), history.faults)),
    ...findings.map((finding) => `finding: ${finding}`),
    'faults of this round, in ms since the load began:',
    ...history.faults.map(
      ({ what, fromUs, untilUs }, index) =>
        `  ${Math.round(fromUs / 1000)} to ${Math.round(untilUs / 1000)}  ${what}${faults[index]?.fired === true ? '' : ' (met nothing)'}`,
    ),
    `logs, data and history: ${directory}`,
    `the same faults again: npm run chaos -- --seed ${plan.seed} --nodes ${plan.nodes} --backend ${plan.backend} --seconds ${Math.round(plan.seconds)}`,
    '',
  ].join('\n');
}
