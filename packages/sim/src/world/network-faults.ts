/**
 * What can be wrong with the links between nodes, and what the network wants from the nodes at their ends.
 */
import type { Lane, NodeId } from '@quorate/core/protocol';

export type NetworkFaults = {
  readonly kind: 'stream' | 'datagram';
  readonly latencyMs: number;
  /** Latency is drawn from [latencyMs, latencyMs + jitterMs). */
  readonly jitterMs: number;
  readonly lossChance: number;
  readonly duplicateChance: number;
  /** A copy that arrives up to `lateMs` later, whatever happened to the link meanwhile. */
  readonly lateChance: number;
  readonly lateMs: number;
  readonly corruptChance: number;
  /** How long a stream is cut before both ends notice. */
  readonly detectMs: number;
  readonly reconnectMs: number;
  /** A cut stream keeps what is sent until it is noticed, instead of losing it at once. */
  readonly stalls: boolean;
};

/** What the network wants from the nodes. */
export type Endpoints = {
  isAlive(node: NodeId): boolean;
  onFrame(to: NodeId, from: NodeId, lane: Lane, frame: Uint8Array): void;
  onUp(at: NodeId, peer: NodeId): void;
  onDown(at: NodeId, peer: NodeId): void;
};
