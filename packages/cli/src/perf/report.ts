/**
 * What a run found, as one record: the JSON of `-w json` (its names are a promise to scripts) and the words for
 * people. Leaves the pictures to `picture.ts` and `svg.ts`.
 */
import type { KillRecord } from './faults.ts';
import type { LatencySummary } from './latencies.ts';
import type { Load } from './load.ts';
import { describeMix } from './mix.ts';
import type { PerfPlan } from './plan.ts';
import type { Verification } from './verify.ts';

export type PerfReport = {
  readonly clients: number;
  readonly connections: number;
  readonly valueBytes: number;
  readonly mix: string;
  readonly durationMs: number;
  /** Operations that were answered well. */
  readonly operations: number;
  /** Per second, of those. */
  readonly throughput: number;
  readonly latencyMs: Omit<LatencySummary, 'count'>;
  /** Certainly not executed; and nobody knows. */
  readonly errors: number;
  readonly unknown: number;
  readonly errorCodes: Readonly<Record<string, number>>;
  readonly kills?: readonly KillRecord[];
  readonly gapsMs?: readonly number[];
  readonly medianMs?: number;
  readonly maxMs?: number;
  readonly verified?: Verification;
};

export type Findings = {
  readonly plan: PerfPlan;
  readonly load: Load;
  readonly kills: readonly KillRecord[];
  readonly gapsMs: readonly number[];
  readonly verification: Verification | undefined;
};

export function makeReport({ plan, load, kills, gapsMs, verification }: Findings): PerfReport {
  const { recorder } = load;
  const { count, ...latencyMs } = recorder.latencies.summary();
  return {
    clients: plan.inFlight,
    connections: plan.connections,
    valueBytes: plan.valueBytes,
    mix: describeMix(plan.mix),
    durationMs: load.elapsedMs,
    operations: count,
    throughput: count / (load.elapsedMs / 1000),
    latencyMs,
    errors: recorder.errors,
    unknown: recorder.unknown,
    errorCodes: Object.fromEntries(recorder.codes),
    ...(kills.length > 0 ? { kills } : {}),
    ...(plan.failovers > 0 ? { gapsMs, medianMs: median(gapsMs), maxMs: Math.max(0, ...gapsMs) } : {}),
    ...(verification === undefined ? {} : { verified: verification }),
  };
}

/** Halfway between the two in the middle when their number is even; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? 0;
  return sorted.length % 2 === 0 ? ((sorted[(sorted.length >> 1) - 1] ?? 0) + upper) / 2 : upper;
}

/** Lines without the last line end. */
export function describeReport(report: PerfReport): string {
  const { latencyMs } = report;
  const lines = [
    `load        ${count(report.clients, 'operation')} in flight over ${count(report.connections, 'connection')}, closed loop, ${report.mix}, values of ${report.valueBytes} B`,
    `answered    ${report.operations} in ${seconds(report.durationMs)}, not executed ${report.errors}, unknown ${report.unknown}${codes(report)}`,
    `throughput  ${Math.round(report.throughput)} operations/s`,
    `latency ms  p50 ${ms(latencyMs.p50)}   p90 ${ms(latencyMs.p90)}   p99 ${ms(latencyMs.p99)}   p99.9 ${ms(latencyMs.p999)}   max ${ms(latencyMs.max)}`,
  ];
  lines.push(...describeFaults(report));
  if (report.verified !== undefined) lines.push(...describeVerification(report.verified));
  return lines.join('\n');
}

function describeFaults({ kills = [], gapsMs, medianMs = 0, maxMs = 0 }: PerfReport): string[] {
  const killed = kills.map(({ node, atMs }) => `killed      node ${node} after ${seconds(atMs)}`);
  if (gapsMs === undefined) return killed;
  const gaps = gapsMs.map((gapMs, index) => `${killed[index]}: ${ms(gapMs)} ms without an answer`);
  return [...gaps, `failover    median ${ms(medianMs)} ms, max ${ms(maxMs)} ms`];
}

function describeVerification({ keys, acknowledgedWrites, lost, examples }: Verification): string[] {
  const summary = `read back   ${count(keys, 'key')} of ${count(acknowledgedWrites, 'acknowledged write')}, ${lost} lost`;
  return [summary, ...examples.map((example) => `lost        ${example}`)];
}

function codes({ errorCodes }: PerfReport): string {
  const parts = Object.entries(errorCodes).map(([code, times]) => `${code} ${times}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

export function count(amount: number, thing: string): string {
  return `${amount} ${thing}${amount === 1 ? '' : 's'}`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`;
}

/** Three significant digits at most, without an exponent. */
export function ms(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
