/**
 * Reads that clients of this node asked for. All reads of a turn share one read index; each is answered from the
 * backend once the slot that the index names is applied. Stale reads are answered from what is applied now.
 *
 * A backend that does not answer must not stop this node from applying: its reads are given up after `queryTimeoutMs`,
 * and until it has answered what it owes it is asked nothing more.
 */
import type { Result } from '@quorate/wire';
import { type Backend, BackendRewound } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadAnswer } from '../protocol/replica-types.ts';
import type { Slot } from '../protocol/types.ts';
import type { Applier } from './applier.ts';
import { isResult } from './backend-returns.ts';
import type { RuntimeLimits } from './limits.ts';
import { messageOf } from './message-of.ts';
import { errorAnswer, type Responder } from './responder.ts';
import type { WaitingQuery } from './waiting-queries.ts';

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

/** Reads of one read index that wait for its slot. */
type HeldReads = WaitingQuery & { reads: readonly PendingRead[] };

export class ReadDesk {
  readonly #backend: Backend;
  readonly #applier: Applier;
  readonly #clock: Clock;
  readonly #limits: RuntimeLimits;
  /** Asked since the last turn. */
  #fresh: PendingRead[] = [];
  /** Waiting for their read index, by ticket. */
  readonly #asked = new Map<number, readonly PendingRead[]>();
  /** Waiting for their slot to be applied. */
  readonly #held = new Set<HeldReads>();
  #waiting = 0;
  /** Queries that were given up and that the backend has still to answer. */
  #owed = 0;
  #nextTicket = 1;

  constructor(backend: Backend, applier: Applier, clock: Clock, limits: RuntimeLimits) {
    this.#backend = backend;
    this.#applier = applier;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Nobody waits for a read. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /** Why no read can be served now; empty when they can. */
  get trouble(): string {
    return this.#owed === 0 ? '' : `${this.#owed} queries were given up and are still not answered`;
  }

  /** Forgets reads whose time-out passed while they wait for a slot that is not applied. */
  expire(nowMs: number): void {
    const empty = new Set<HeldReads>();
    for (const held of this.#held) {
      held.reads = held.reads.filter((read) => this.#isWanted(read, nowMs));
      if (held.reads.length === 0) empty.add(held);
    }
    if (empty.size === 0) return;
    this.#applier.forget(empty);
    for (const held of empty) this.#held.delete(held);
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
    if (this.#waiting < this.#limits.maxWaitingReads) return false;
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
    const held: HeldReads = {
      slot,
      reads,
      run: () => {
        this.#held.delete(held);
        return this.#queryAll(held.reads);
      },
      refuse: (why) => {
        this.#held.delete(held);
        for (const read of held.reads) this.#refuse(read, why);
      },
    };
    this.#held.add(held);
    this.#applier.whenApplied(held);
  }

  /** Undefined when all are answered; else settles when they are, or given up. Never rejects. */
  #queryAll(reads: readonly PendingRead[]): Promise<void> | undefined {
    const unanswered = new Map<PendingRead, Promise<Result>>();
    for (const read of reads) {
      const result = this.#query(read);
      if (result !== undefined) unanswered.set(read, result);
    }
    if (unanswered.size === 0) return undefined;
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#limits.queryTimeoutMs, () => {
        this.#giveUp(unanswered);
        resolve();
      });
      const settle = (read: PendingRead, respond: () => void): void => {
        if (!unanswered.delete(read)) {
          this.#owed -= 1;
          return;
        }
        respond();
        if (unanswered.size > 0) return;
        timer.cancel();
        resolve();
      };
      for (const [read, result] of unanswered) {
        result.then(
          (value) => settle(read, () => this.#answer(read, value)),
          (error: unknown) => {
            this.#noteRewound(error);
            settle(read, () => this.#refuse(read, messageOf(error)));
          },
        );
      }
    });
  }

  #giveUp(unanswered: Map<PendingRead, unknown>): void {
    this.#owed += unanswered.size;
    const why = `it has not answered within ${this.#limits.queryTimeoutMs} ms (queryTimeoutMs)`;
    for (const read of unanswered.keys()) this.#refuse(read, why);
    unanswered.clear();
  }

  /** Undefined when the read was answered. */
  #query(read: PendingRead): Promise<Result> | undefined {
    if (read.responder.isFull) {
      this.#finish(() => read.responder.add(errorAnswer(read.sequence, 'OVERLOADED', UNREAD)));
      return undefined;
    }
    if (read.instead !== undefined) {
      this.#finish(read.instead);
      return undefined;
    }
    if (this.#owed > 0) {
      this.#refuse(read, this.trouble);
      return undefined;
    }
    let result: Result | Promise<Result>;
    try {
      result = this.#backend.query(read.command);
    } catch (error) {
      this.#noteRewound(error);
      this.#refuse(read, messageOf(error));
      return undefined;
    }
    if (result instanceof Promise) return result;
    this.#answer(read, result);
    return undefined;
  }

  /** Nothing may be written for a long time, so this is where an emptied store is noticed. */
  #noteRewound(error: unknown): void {
    if (error instanceof BackendRewound) this.#applier.rewound(error.message);
  }

  #answer(read: PendingRead, result: Result): void {
    if (!isResult(result)) return this.#refuse(read, 'what it gave is no result');
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
