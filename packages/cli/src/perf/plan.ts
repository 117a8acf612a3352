/**
 * The options of `quorate perf`, checked: what is measured (`PerfPlan`), and every combination that makes no sense
 * refused with the words of the command line before anything starts.
 */
import { parseDuration } from '@quorate/core/config';
import { QuorateError } from '@quorate/wire';
import { type KillOrder, parseKill } from './faults.ts';
import { MIN_NUMBERED_VALUE_BYTES } from './ledger.ts';
import type { LoadLimit } from './load.ts';
import { type Mix, parseMix } from './mix.ts';

/** As commander gives them. */
export type PerfFlags = {
  readonly spawn?: string;
  readonly clients?: string;
  readonly connections?: string;
  readonly requests?: string;
  readonly duration?: string;
  readonly warmup?: string;
  readonly valueSize?: string;
  readonly keys?: string;
  readonly mix?: string;
  readonly kill?: readonly string[];
  readonly failover?: string;
  readonly verify?: boolean;
  readonly svg?: string;
};

export type PerfPlan = {
  /** Nodes of the throw-away cluster; undefined: the endpoints are measured. */
  readonly spawn: number | undefined;
  readonly inFlight: number;
  readonly connections: number;
  readonly limit: LoadLimit;
  readonly warmupMs: number;
  readonly valueBytes: number;
  readonly keyCount: number;
  readonly mix: Mix;
  readonly kills: readonly KillOrder[];
  readonly failovers: number;
  readonly verify: boolean;
  readonly svgPath: string | undefined;
};

const DEFAULT_DURATION_MS = 10_000;
const DEFAULT_KEYS = 10_000;
/** With a check at the end every write has a key of its own, up to here. */
const DEFAULT_VERIFIED_KEYS = 1_000_000;
const MAX_NODES = 9;
export const MAX_IN_FLIGHT = 65_536;
const MAX_CONNECTIONS = 4096;
const MAX_VALUE_BYTES = 16 << 20;
const MAX_COUNT = 1_000_000_000;

/** @throws ARGUMENT */
export function readPlan(flags: PerfFlags): PerfPlan {
  const kills = (flags.kill ?? []).map(parseKill);
  const failovers = integer('--failover', flags.failover, 0, 0, 1000);
  const verify = flags.verify ?? (kills.length > 0 || failovers > 0);
  const inFlight = integer('--clients', flags.clients, 1, 1, MAX_IN_FLIGHT);
  const plan: PerfPlan = {
    spawn: flags.spawn === undefined ? undefined : integer('--spawn', flags.spawn, 3, 1, MAX_NODES),
    inFlight,
    connections: integer('--connections', flags.connections, 1, 1, Math.min(MAX_CONNECTIONS, inFlight)),
    limit: readLimit(flags, failovers),
    warmupMs: flags.warmup === undefined ? 0 : parseDuration(flags.warmup, '--warmup'),
    valueBytes: integer('--value-size', flags.valueSize, 100, 0, MAX_VALUE_BYTES),
    keyCount: integer('--keys', flags.keys, verify ? DEFAULT_VERIFIED_KEYS : DEFAULT_KEYS, 1, MAX_COUNT),
    mix: parseMix(flags.mix ?? 'set=100'),
    kills,
    failovers,
    verify,
    svgPath: flags.svg,
  };
  checkTogether(plan);
  return plan;
}

function readLimit(flags: PerfFlags, failovers: number): LoadLimit {
  const { requests, duration } = flags;
  if (requests !== undefined && duration !== undefined)
    throw usage('--requests and --duration exclude each other');
  if (failovers > 0) {
    if (requests !== undefined || duration !== undefined)
      throw usage('--failover runs until it is done; leave out --requests and --duration');
    return { kind: 'open' };
  }
  if (requests !== undefined)
    return { kind: 'requests', count: integer('--requests', requests, 1, 1, MAX_COUNT) };
  return {
    kind: 'duration',
    durationMs: duration === undefined ? DEFAULT_DURATION_MS : parseDuration(duration, '--duration'),
  };
}

function checkTogether(plan: PerfPlan): void {
  const hurts = plan.kills.length > 0 || plan.failovers > 0;
  if (hurts && plan.spawn === undefined)
    throw usage('--kill and --failover need --spawn N: only nodes that were started here are killed');
  if (plan.kills.length > 0 && plan.failovers > 0) throw usage('--kill and --failover exclude each other');
  if (plan.failovers > 0 && (plan.spawn ?? 0) < 3) throw usage('--failover needs at least --spawn 3');
  for (const { target } of plan.kills) {
    if (typeof target === 'number' && target > (plan.spawn ?? 0))
      throw usage(`--kill: there is no node ${target}, only 1 to ${plan.spawn}`);
  }
  if (plan.verify && plan.valueBytes < MIN_NUMBERED_VALUE_BYTES) {
    throw usage(
      `--verify needs a --value-size of at least ${MIN_NUMBERED_VALUE_BYTES}, so that every value can be told from the others`,
    );
  }
  if (plan.keyCount < 2 * plan.inFlight)
    throw usage(`--keys must be at least twice --clients (${2 * plan.inFlight})`);
}

function integer(name: string, text: string | undefined, preset: number, min: number, max: number): number {
  if (text === undefined) return preset;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function usage(message: string): QuorateError {
  return new QuorateError('ARGUMENT', message);
}
