/**
 * A run as the list of decisions that made it: who started, what arrived where, when a disk had flushed, who crashed.
 *
 * Nothing in it is random any more, so any part can be left out and the rest played again (player.ts). A message is
 * named by its text, because what nodes say changes with what was left out.
 */
import type { NodeId, ProtocolLimits } from '@quorate/core/protocol';

export type Deed = {
  readonly node: NodeId;
  /** The node's own monotonic clock, in milliseconds. */
  readonly atMs: number;
  /** Afterwards the node ends its turn, its disk flushes and its backend applies, until nothing of it is left to do. */
  readonly settles: boolean;
} & Happening;

export type Happening =
  | { readonly kind: 'start'; readonly seed: number }
  /** Writes that were not flushed are lost. */
  | { readonly kind: 'crash' }
  | { readonly kind: 'deliver'; readonly from: NodeId; readonly text: string }
  | { readonly kind: 'propose'; readonly ticket: number; readonly bytes: number; readonly stampMs: number }
  | { readonly kind: 'read'; readonly ticket: number }
  | { readonly kind: 'up' | 'down'; readonly peer: NodeId }
  /** The oldest `writes` that were handed to the disk are on it; the process has not heard of it. */
  | { readonly kind: 'flush'; readonly writes: number }
  /** `flushed`: the process hears of the oldest append that is on disk. `stored`: it dies before it hears of what
   * its backend applied. */
  | {
      readonly kind: 'tick' | 'turn' | 'flushed' | 'applied' | 'stored' | 'resign' | 'campaign' | 'usurp';
    };

export type DeedKind = Deed['kind'];

/** Where a history takes place. */
export type Setting = {
  readonly nodeCount: number;
  readonly durableBackend: boolean;
  readonly limits: ProtocolLimits;
};

export type History = {
  readonly setting: Setting;
  readonly deeds: readonly Deed[];
};

/** What a settling node does by itself. */
export const HOUSEKEEPING: ReadonlySet<DeedKind> = new Set(['turn', 'flush', 'flushed', 'applied']);
/** What clients ask. */
export const REQUESTS: ReadonlySet<DeedKind> = new Set(['propose', 'read']);
/** What goes wrong in the world, or is asked of it by an operator. */
export const FAULTS: ReadonlySet<DeedKind> = new Set([
  'crash',
  'up',
  'down',
  'stored',
  'resign',
  'campaign',
  'usurp',
]);
