/**
 * What a system under measurement is: it starts three servers in a directory of its own, says which processes they
 * are, and is loaded at one point after the other. The three that there are: `baseline/`, `quorate/`, `etcd/`.
 */

export const SERVERS = 3;
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;
/** Keys that the loads write to in turn. */
export const KEYS = 10_000;

export const SYSTEM_NAMES = ['baseline', 'quorate', 'etcd'] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

export type Point = {
  readonly operation: 'write' | 'read';
  readonly inFlight: number;
  readonly connections: number;
};

export type Times = { readonly warmupMs: number; readonly durationMs: number };

/** What a load prints, as one line of JSON; other fields are ignored. */
export type LoadResult = {
  /** Operations per second, answered in the measured time. */
  readonly throughput: number;
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  readonly errors: number;
  readonly unknown: number;
  /** All that were answered, the warming up included; where the load counts them. */
  readonly answered?: number;
};

export type RunningSystem = {
  readonly pids: readonly number[];
  /** Undefined for a point that this system does not have. */
  load(point: Point, times: Times): Promise<LoadResult | undefined>;
  stop(): Promise<void>;
};

export type System = {
  readonly name: SystemName;
  /** Version and what else must be known to repeat the numbers. */
  readonly description: string;
  start(directory: string): Promise<RunningSystem>;
};

export function pointName({ operation, inFlight, connections }: Point): string {
  return `${operation} ${inFlight}/${connections}`;
}
