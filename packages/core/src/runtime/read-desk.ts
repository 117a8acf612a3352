/**
 * Reads that clients of this node asked for. All reads of a turn share one read index; each is answered from the
 * backend once the slot that the index names is applied. Stale reads are answered from what is applied now.
 */
import type { Result } from '@quorate/wire';
import type { Backend } from '../ports/backend.ts';
import type { ReadAnswer } from '../protocol/replica-types.ts';
import type { Slot } from '../protocol/types.ts';
import type { Applier } from './applier.ts';
import { errorAnswer, type Responder } from './responder.ts';

const UNREAD = 'too many answers wait to be read by this client; the read was not served';

export type PendingRead = {
  readonly responder: Responder;
  readonly sequence: number;
  readonly command: unknown;
  /** Monotonic time after which nobody waits any more. */
  readonly deadlineMs: number;
  /** Called in the place of a query: only the moment is wanted, and whoever asked answers by itself. */
  readonly instead?: () => void;
};

export class ReadDesk {
  readonly #backend: Backend;
  readonly #applier: Applier;
  readonly #maxWaitingReads: number;
  /** Asked since the last turn. */
  #fresh: PendingRead[] = [];
  /** Waiting for their read index, by ticket. */
  readonly #asked = new Map<number, readonly PendingRead[]>();
  #waiting = 0;
  #nextTicket = 1;

  constructor(backend: Backend, applier: Applier, maxWaitingReads: number) {
    this.#backend = backend;
    this.#applier = applier;
    this.#maxWaitingReads = maxWaitingReads;
  }

  add(read: PendingRead): void {
    if (this.#isOverloaded(read)) return;
    this.#waiting += 1;
    this.#fresh.push(read);
  }

  /** At this node's present state, however old it is. */
  addStale(read: PendingRead): void {
    if (this.#isOverloaded(read)) return;
    this.#waiting += 1;
    this.#serve([read], this.#applier.appliedSlot);
  }

  /** The ticket of the reads that came in since the last call, for the core; undefined when there are none. */
  takeTicket(): number | undefined {
    if (this.#fresh.length === 0) return undefined;
    const ticket = this.#nextTicket++;
    this.#asked.set(ticket, this.#fresh);
    this.#fresh = [];
    return ticket;
  }

  /** The core's answer to a ticket. */
  onAnswer(answer: ReadAnswer, nowMs: number): void {
    const reads = this.#asked.get(answer.ticket);
    if (reads === undefined) return;
    this.#asked.delete(answer.ticket);
    if (answer.kind === 'ready') {
      this.#serve(
        reads.filter((read) => this.#isWanted(read, nowMs)),
        answer.slot,
      );
      return;
    }
    for (const read of reads) {
      const [code, message] =
        answer.reason === 'no-leader'
          ? (['NO_LEADER', 'no leader with a quorum confirmed the read; it was not served'] as const)
          : (['OVERLOADED', 'too many reads wait for the leader'] as const);
      this.#finish(() => read.responder.add(errorAnswer(read.sequence, code, message)));
    }
  }

  #isOverloaded(read: PendingRead): boolean {
    if (this.#waiting < this.#maxWaitingReads) return false;
    read.responder.add(errorAnswer(read.sequence, 'OVERLOADED', 'too many reads wait at this node'));
    return true;
  }

  /** A client that has given up gets no answer. */
  #isWanted(read: PendingRead, nowMs: number): boolean {
    if (read.deadlineMs >= nowMs) return true;
    this.#waiting -= 1;
    return false;
  }

  #serve(reads: readonly PendingRead[], slot: Slot): void {
    if (reads.length === 0) return;
    this.#applier.whenApplied(
      slot,
      () => {
        const outcomes = reads.map((read) => this.#query(read)).filter((outcome) => outcome !== undefined);
        return outcomes.length === 0 ? undefined : Promise.all(outcomes).then(() => undefined);
      },
      (why) => {
        for (const read of reads) this.#refuse(read, why);
      },
    );
  }

  #query(read: PendingRead): Promise<void> | undefined {
    if (read.responder.isFull) {
      this.#finish(() => read.responder.add(errorAnswer(read.sequence, 'OVERLOADED', UNREAD)));
      return undefined;
    }
    if (read.instead !== undefined) {
      this.#finish(read.instead);
      return undefined;
    }
    let result: Result | Promise<Result>;
    try {
      result = this.#backend.query(read.command);
    } catch (error) {
      this.#refuse(read, messageOf(error));
      return undefined;
    }
    if (!(result instanceof Promise)) {
      this.#answer(read, result);
      return undefined;
    }
    return result.then(
      (value) => this.#answer(read, value),
      (error: unknown) => this.#refuse(read, messageOf(error)),
    );
  }

  #answer(read: PendingRead, result: Result): void {
    this.#finish(() => read.responder.addResult(read.sequence, this.#applier.appliedSlot, result));
  }

  #refuse(read: PendingRead, why: string): void {
    this.#finish(() =>
      read.responder.add(
        errorAnswer(
          read.sequence,
          'BACKEND_UNAVAILABLE',
          `this node's backend cannot serve the read: ${why}`,
        ),
      ),
    );
  }

  #finish(respond: () => void): void {
    this.#waiting -= 1;
    respond();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
