/**
 * Links between nodes as the runtime sees them: whole frames, two lanes per peer, no reliability promised.
 *
 * Contract. Frames of one lane of one link arrive in order and whole, or not at all; a link that breaks loses what
 * was under way, and both ends hear `down`, then `up` again when it is back. The control lane never waits behind
 * the bulk lane. Identity has been checked before `up`: cluster, node number, storage, incarnation, version. A frame
 * is never handed over from a connection that a newer one has replaced.
 */
import type { Lane } from '../protocol/message.ts';
import type { NodeId } from '../protocol/types.ts';

export type TransportHandlers = {
  /** `frame` is only valid during the call: copy what must outlive it. */
  onFrame(from: NodeId, lane: Lane, frame: Uint8Array): void;
  onUp(peer: NodeId): void;
  onDown(peer: NodeId): void;
};

export interface Transport {
  /** Begins to dial and to accept. Handlers are called from now on. */
  start(handlers: TransportHandlers): void;
  /**
   * Queues a frame; it is not changed afterwards. False when it was dropped: no link, or over the lane's bound
   * (`maxOutboundBytes`). The protocol repeats what matters.
   */
  send(to: NodeId, lane: Lane, frame: Uint8Array): boolean;
  /** Bytes queued for a peer on the bulk lane and not yet with the operating system. */
  queuedBytes(to: NodeId): number;
  /** Logs it and closes the link, because the peer sent something that cannot be read. It is dialled again. */
  reject(peer: NodeId, code: string, reason: string): void;
  close(): Promise<void>;
}
