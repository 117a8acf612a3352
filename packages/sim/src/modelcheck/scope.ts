/**
 * How much of the world one search covers: who may campaign, propose, crash, tick and read how often, and which
 * messages exist at all. Every bound is a number here; what is inside the bounds is searched without exception.
 *
 * A message kind in `lost` is never delivered. That is a behaviour of a real network too, so nothing false is ever
 * reported; what such a message could have caused is not covered by that scope.
 */
import type { Message } from '@quorate/core/protocol';
import type { Landmark } from './landmarks.ts';

/** One number per node, in order of nodes. */
export type PerNode = readonly [number, number, number];

export type Scope = {
  readonly name: string;
  /** Ballots per node, in its whole life. */
  readonly campaigns: PerNode;
  /** Values per node, in its whole life; all are different. */
  readonly proposals: PerNode;
  /** New values are proposed for slots up to here. */
  readonly slots: number;
  /** Crashes per node: one search covers every one of these cases. */
  readonly crashes: readonly PerNode[];
  /** Ticks at which a node repeats what was not answered and asks somebody for chosen values. */
  readonly ticks: PerNode;
  /** Ticks at which a candidate or a leader finds that its time is over. */
  readonly expiries: PerNode;
  readonly reads: PerNode;
  readonly windowSlots: number;
  readonly pageBytes: number;
  /** A durable backend keeps what it applied through a crash. */
  readonly backend: 'memory' | 'durable';
  readonly lost: readonly Message['kind'][];
  /** Situations that the search must have met, or it proves nothing. */
  readonly mustReach: readonly Landmark[];
};

const NONE: PerNode = [0, 0, 0];
/** Any one of the nodes crashes once. */
export const ONE_CRASH: readonly PerNode[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
/** Two crashes, of whichever nodes. */
export const TWO_CRASHES: readonly PerNode[] = [
  [2, 0, 0],
  [0, 2, 0],
  [0, 0, 2],
  [1, 1, 0],
  [1, 0, 1],
  [0, 1, 1],
];
const AMPLE_PAGE_BYTES = 1024 * 1024;

const BASE: Scope = {
  name: 'base',
  campaigns: [1, 1, 0],
  proposals: [1, 1, 0],
  slots: 1,
  crashes: [NONE],
  ticks: NONE,
  expiries: NONE,
  reads: NONE,
  windowSlots: 2,
  pageBytes: AMPLE_PAGE_BYTES,
  backend: 'memory',
  lost: ['heartbeat', 'heartbeat-echo'],
  mustReach: ['chosen', 'recovered', 'nack', 'two-leaders'],
};

/** A scope like another one but for what is named. */
export function scopeOf(changes: Partial<Scope>, base: Scope = BASE): Scope {
  return { ...base, ...changes };
}
