/**
 * Runs one target: so many inputs from a seed, each judged, within bounds of time and memory.
 *
 * A finding ends the target. It is made shorter as long as it stays a finding, so that the bytes that matter are seen.
 */
import { streamOf } from '@quorate/core/protocol';
import { type FuzzTarget, toHex } from './fuzz-target.ts';
import { nextInput } from './mutate.ts';

/** One input takes less, also on a busy machine; slower ones are tried once more before they count. */
export const MAX_EXECUTION_MS = 1500;
/** Growth of the process while a target runs. */
export const MAX_GROWTH_BYTES: number = 768 * 1024 * 1024;
const LOOK_EVERY = 1024;
const SHRINK_BUDGET_MS = 10_000;

export type FuzzPlan = {
  readonly seed: number;
  readonly executions: number;
  /** The target stops here even if executions are left. */
  readonly budgetMs: number;
  /** Called after every execution. */
  readonly progress?: (done: number) => void;
};

export type FuzzFinding = { readonly input: Uint8Array; readonly why: string };

export type FuzzReport = {
  readonly target: string;
  readonly executions: number;
  readonly read: number;
  /** By code. */
  readonly refused: ReadonlyMap<string, number>;
  readonly slowestMs: number;
  readonly seconds: number;
  readonly finding: FuzzFinding | undefined;
};

export async function fuzz(target: FuzzTarget, plan: FuzzPlan): Promise<FuzzReport> {
  const random = streamOf(plan.seed, `fuzz/${target.name}`);
  const refused = new Map<string, number>();
  const startedMs = performance.now();
  const startBytes = process.memoryUsage.rss();
  let read = 0;
  let done = 0;
  let slowestMs = 0;
  let finding: FuzzFinding | undefined;
  while (done < plan.executions && finding === undefined) {
    // Valid ones first: a target that refuses them is not the one that was meant.
    const input = target.corpus[done]?.slice() ?? nextInput(target.corpus, random);
    if (target.repair !== undefined && random.chance(0.9)) target.repair(input);
    const outcome = await execute(target, input);
    done += 1;
    slowestMs = Math.max(slowestMs, outcome.tookMs);
    if (outcome.why !== undefined) finding = { input: await shrink(target, input), why: outcome.why };
    else if (outcome.code === undefined) read += 1;
    else refused.set(outcome.code, (refused.get(outcome.code) ?? 0) + 1);
    if (outcome.code !== undefined && done <= target.corpus.length)
      finding = { input, why: `a valid encoding is refused with ${outcome.code}` };
    plan.progress?.(done);
    if (performance.now() - startedMs > plan.budgetMs) break;
    if (done % LOOK_EVERY !== 0) continue;
    const grownBytes = process.memoryUsage.rss() - startBytes;
    if (grownBytes > MAX_GROWTH_BYTES)
      finding = {
        input,
        why: `the process grew by ${grownBytes} bytes, this input is the last of ${LOOK_EVERY}`,
      };
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return { target: target.name, executions: done, read, refused, slowestMs, seconds, finding };
}

type Outcome = {
  readonly code: string | undefined;
  readonly why: string | undefined;
  readonly tookMs: number;
};

/** One input. `why` says what is wrong, if anything is. A second look counts time of the processor: others may be busy. */
export async function execute(target: FuzzTarget, input: Uint8Array): Promise<Outcome> {
  const first = await attempt(target, input);
  if (first.why !== undefined || first.tookMs < MAX_EXECUTION_MS) return first;
  const before = process.cpuUsage();
  const second = await attempt(target, input);
  const { user, system } = process.cpuUsage(before);
  const tookMs = Math.min(second.tookMs, (user + system) / 1000);
  if (tookMs < MAX_EXECUTION_MS) return { ...second, tookMs };
  return { ...second, tookMs, why: `it took ${tookMs.toFixed(0)} ms` };
}

async function attempt(target: FuzzTarget, input: Uint8Array): Promise<Outcome> {
  const startedMs = performance.now();
  try {
    // Awaited only where there is something to wait for: most targets are called a million times.
    const judged = target.judge(input.slice());
    const code = judged instanceof Promise ? await judged : judged;
    return { code, why: undefined, tookMs: performance.now() - startedMs };
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { code: undefined, why, tookMs: performance.now() - startedMs };
  }
}

/** Leaves out piece after piece as long as what is left is still a finding. */
async function shrink(target: FuzzTarget, input: Uint8Array): Promise<Uint8Array> {
  let shortest = input;
  const untilMs = performance.now() + SHRINK_BUDGET_MS;
  for (let size = input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= shortest.length && performance.now() < untilMs; ) {
      const shorter = Uint8Array.from([...shortest.subarray(0, at), ...shortest.subarray(at + size)]);
      target.repair?.(shorter);
      if ((await attempt(target, shorter)).why === undefined) at += size;
      else shortest = shorter;
    }
  }
  return shortest;
}

/** `executions` of all targets together, by their shares. */
export function shareOut(targets: readonly FuzzTarget[], executions: number): ReadonlyMap<string, number> {
  const total = targets.reduce((sum, { share }) => sum + share, 0);
  return new Map(targets.map(({ name, share }) => [name, Math.ceil((executions * share) / total)]));
}

export function describeFinding(report: FuzzReport, finding: FuzzFinding): string {
  return `${report.target}: ${finding.why}\n  input: ${toHex(finding.input)}\n  replay: npm run fuzz -- --target ${report.target} --input ${toHex(finding.input)}`;
}
