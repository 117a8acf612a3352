/**
 * The ratios that Quorate is to reach, each computed from this run alone. Printed with what was found; nothing fails
 * when one is missed, for a benchmark informs and does not judge.
 */
import type { Metric, Ratio, Samples } from './ratios.ts';
import type { Point, SystemName } from './system.ts';

export type Target = {
  readonly text: string;
  readonly rival: SystemName;
  readonly metric: Metric;
  readonly point: Point;
  /** Throughput must reach it, a latency must not exceed it. */
  readonly bound: number;
};

export type TargetResult = Target & { readonly found: Ratio; readonly met: boolean };

const write = (inFlight: number, connections: number): Point => ({
  operation: 'write',
  inFlight,
  connections,
});
const read = (inFlight: number, connections: number): Point => ({ operation: 'read', inFlight, connections });

export const TARGETS: readonly Target[] = [
  { text: 'writes, 64 in flight', rival: 'baseline', metric: 'throughput', point: write(64, 1), bound: 0.6 },
  {
    text: 'writes, 256 in flight',
    rival: 'baseline',
    metric: 'throughput',
    point: write(256, 1),
    bound: 0.6,
  },
  {
    text: 'writes, 1024 in flight',
    rival: 'baseline',
    metric: 'throughput',
    point: write(1024, 1),
    bound: 0.6,
  },
  {
    text: 'writes, 256 clients on 8 connections',
    rival: 'etcd',
    metric: 'throughput',
    point: write(256, 8),
    bound: 8,
  },
  {
    text: 'writes, 64 clients, a connection each',
    rival: 'etcd',
    metric: 'throughput',
    point: write(64, 64),
    bound: 4,
  },
  {
    text: 'p50 of writes, 256 clients on 8 connections',
    rival: 'etcd',
    metric: 'p50',
    point: write(256, 8),
    bound: 0.25,
  },
  {
    text: 'p99 of writes, 256 clients on 8 connections',
    rival: 'etcd',
    metric: 'p99',
    point: write(256, 8),
    bound: 0.25,
  },
  { text: 'p50 of writes, one client', rival: 'etcd', metric: 'p50', point: write(1, 1), bound: 0.7 },
  {
    text: 'linearizable reads, 256 clients on 8 connections',
    rival: 'etcd',
    metric: 'throughput',
    point: read(256, 8),
    bound: 8,
  },
];

/** Those targets for which both sides were measured. */
export function checkTargets(samples: Samples): TargetResult[] {
  return TARGETS.flatMap((target) => {
    const { metric, rival, point, bound } = target;
    const found = samples.ratio(metric, ['quorate', point], [rival, point]);
    if (found === undefined) return [];
    const met = metric === 'throughput' ? found.median >= bound : found.median <= bound;
    return [{ ...target, found, met }];
  });
}
