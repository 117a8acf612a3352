/**
 * What runs on a simulated node: one incarnation of a process, reached through the product's own ports.
 *
 * The first depth is core-host.ts, the pure core with a minimal host around it. A deeper one, the production runtime,
 * takes the same environment: clock, journal and transport are the ports it has in production.
 */
import type { Clock, Journal, OpenedJournal, Transport } from '@quorate/core/ports';
import type { Input, NodeId, ProtocolLimits, Replica, Slot, Value } from '@quorate/core/protocol';
import type { SimEvent } from '../sim-event.ts';

/** A moment at which the process may die: between two effects on the outside world. Throws `ProcessDied` if it does. */
export type EffectBoundary = () => void;

export type NodeEnvironment = {
  readonly self: NodeId;
  readonly voters: readonly NodeId[];
  readonly limits: ProtocolLimits;
  readonly seed: number;
  readonly clock: Clock;
  readonly journal: Journal & { openNow(): OpenedJournal };
  readonly transport: Transport;
  readonly backend: BackendState;
  /** At least 1. */
  readonly maxFrameMessages: number;
  /** How long applying one delivery takes. */
  readonly applyMs: () => number;
  readonly boundary: EffectBoundary;
  readonly emit: (event: SimEvent) => void;
  /** Hears of every input before the core does, also of the one that the core does not survive. */
  readonly onInput?: (input: Input) => void;
};

/** How far this node's backend is. It outlives the process when it is durable. */
export type BackendState = { appliedSlot: Slot };

export interface Host {
  /** What is inside, for the observer; undefined before `start`. */
  readonly replica: Replica | undefined;
  start(): void;
  /** The ticket is the value's number in the ledger. `blind`: also when the core says that it cannot. */
  propose(ticket: number, value: Value, blind: boolean): void;
  read(ticket: number): void;
  resign(): void;
  campaign(): void;
  /** Campaigns at once, whoever leads: as if a Transfer had come, from long ago perhaps. */
  usurp(): void;
}
