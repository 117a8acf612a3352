/**
 * Commands that clients gave to a node that does not lead: passed on to the leader, and its answers passed back.
 *
 * A forward may be lost with its link or its leader; then its outcome is unknown, and said to be. Nothing is sent twice
 * from here: the client retries with the same sequence, and sessions make that safe.
 */
import type { NodeId } from '../protocol/types.ts';
import type { Forward } from '../wire/frame.ts';
import { errorAnswer, type Responder } from './responder.ts';

type Pending = {
  readonly leader: NodeId;
  readonly connection: number;
  readonly responder: Responder;
  /** Without an answer so far. */
  readonly sequences: readonly number[];
  readonly deadlineMs: number;
};

/** A forward that was answered. `responder` and `sequences` are those it was given. */
export type Answered = Pick<Pending, 'connection' | 'responder' | 'sequences'>;

/** Distance between the first numbers of two lives; all stay below 2^53. */
const REQUESTS_PER_LIFE = 2 ** 20;

export class Forwarder {
  readonly #maxForwards: number;
  readonly #send: (to: NodeId, forward: Forward) => void;
  readonly #pending = new Map<number, Pending>();
  #nextRequestId: number;

  /** `lifeNumber`: 32 random bits, others in every life. An answer to an earlier life must not fit a request of this one. */
  constructor(maxForwards: number, lifeNumber: number, send: (to: NodeId, forward: Forward) => void) {
    this.#maxForwards = maxForwards;
    this.#nextRequestId = lifeNumber * REQUESTS_PER_LIFE + 1;
    this.#send = send;
  }

  get count(): number {
    return this.#pending.size;
  }

  /** @param group one batch group as @quorate/wire lays it out */
  forward(request: Pending & { readonly timeoutMs: number }, group: Uint8Array): void {
    if (this.#pending.size >= this.#maxForwards) {
      for (const sequence of request.sequences) {
        request.responder.add(errorAnswer(sequence, 'OVERLOADED', 'too many commands wait for the leader'));
      }
      return;
    }
    const requestId = this.#nextRequestId++;
    this.#pending.set(requestId, request);
    const { connection, timeoutMs } = request;
    this.#send(request.leader, { kind: 'forward', connection, requestId, timeoutMs, group });
  }

  /** The leader answered these, maybe not all of them in one frame: who waits for it, if anybody still does. */
  onReply(requestId: number, answers: readonly { readonly sequence: number }[]): Answered | undefined {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) return undefined;
    if (answers.length >= pending.sequences.length) {
      this.#pending.delete(requestId);
    } else {
      const answered = new Set(answers.map(({ sequence }) => sequence));
      const sequences = pending.sequences.filter((sequence) => !answered.has(sequence));
      this.#pending.set(requestId, { ...pending, sequences });
    }
    return pending;
  }

  /** The leader of these forwards is gone or has been replaced: what became of them is not known. */
  abandon(leader: NodeId): void {
    for (const [requestId, pending] of this.#pending) {
      if (pending.leader !== leader) continue;
      this.#pending.delete(requestId);
      for (const sequence of pending.sequences) {
        pending.responder.add(
          errorAnswer(
            sequence,
            'LEADERSHIP_LOST',
            'the leader that had this command is gone; whether it took effect is not known',
          ),
        );
      }
    }
  }

  /** Drops what nobody waits for any more. */
  expire(nowMs: number): void {
    for (const [requestId, pending] of this.#pending) {
      if (pending.deadlineMs < nowMs) this.#pending.delete(requestId);
    }
  }

  /** A client went away: its answers have nowhere to go. */
  forget(connection: number): void {
    for (const [requestId, pending] of this.#pending) {
      if (pending.connection === connection) this.#pending.delete(requestId);
    }
  }
}
