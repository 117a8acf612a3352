/**
 * Gathers groups of commands into batches until the leader has room to propose them. No timer: a batch is cut at the
 * end of a turn, and load sizes it.
 *
 * Remembers for every group who waits for its answer, first while it is queued and then by slot while it is in flight.
 * Says truthfully what became of it: queued and given up means 'none'; proposed and given up means 'unknown'.
 */
import { ByteWriter } from '@quorate/wire';
import type { Slot } from '../protocol/types.ts';
import type { Responder } from './responder.ts';

/** Somebody waits for the answers of one group. */
export type Waiter = {
  readonly responder: Responder;
  /** Sequences of the group's commands; one sequence for open and close. */
  readonly sequences: readonly number[];
  /** Whoever waits has the bytes of all these commands as they are logged, and can be sent echoes of them. */
  readonly takesEchoes: boolean;
};

export type Batch = {
  readonly bytes: Uint8Array;
  /** One per group, in the order of the groups. */
  readonly waiters: readonly Waiter[];
};

type Chunk = { readonly bytes: Uint8Array; readonly waiters: Waiter[]; readonly deadlineMs: number };

export class Batcher {
  readonly #maxBatchBytes: number;
  readonly #maxQueuedBytes: number;
  #open = new ByteWriter(64 * 1024);
  #openWaiters: Waiter[] = [];
  #openDeadlineMs = 0;
  /** Full batches that wait for room, oldest first. */
  #sealed: Chunk[] = [];
  #sealedBytes = 0;
  readonly #inFlight = new Map<Slot, Batch>();

  constructor(limits: { readonly maxBatchBytes: number; readonly maxQueuedBytes: number }) {
    this.#maxBatchBytes = limits.maxBatchBytes;
    this.#maxQueuedBytes = limits.maxQueuedBytes;
  }

  get isEmpty(): boolean {
    return this.#sealed.length === 0 && this.#openWaiters.length === 0;
  }

  get queuedBytes(): number {
    return this.#sealedBytes + this.#open.length;
  }

  get inFlightSlots(): number {
    return this.#inFlight.size;
  }

  /** Room for `bytes` more? If not, the caller answers OVERLOADED. */
  hasRoom(bytes: number): boolean {
    return this.queuedBytes + bytes <= this.#maxQueuedBytes;
  }

  /**
   * Appends one whole group. `write` puts exactly one group into the writer.
   * @param deadlineMs monotonic time after which nobody waits for it any more
   */
  add(waiter: Waiter, deadlineMs: number, write: (out: ByteWriter) => void): void {
    write(this.#open);
    this.#openWaiters.push(waiter);
    if (deadlineMs > this.#openDeadlineMs) this.#openDeadlineMs = deadlineMs;
    if (this.#open.length >= this.#maxBatchBytes) this.#seal();
  }

  /** The next batch to propose; undefined when nothing waits. Batches that nobody waits for any more are given to `expired`. */
  cut(nowMs: number, expired: (waiter: Waiter) => void): Batch | undefined {
    this.expire(nowMs, expired);
    if (this.#sealed.length === 0) this.#seal();
    const chunk = this.#sealed.shift();
    if (chunk !== undefined) this.#sealedBytes -= chunk.bytes.length;
    return chunk;
  }

  proposed(slot: Slot, batch: Batch): void {
    this.#inFlight.set(slot, batch);
  }

  /** Who waits for this slot, if this node proposed it. Forgets it. */
  chosen(slot: Slot): Batch | undefined {
    const batch = this.#inFlight.get(slot);
    if (batch !== undefined) this.#inFlight.delete(slot);
    return batch;
  }

  /**
   * Gives what nobody waits for any more to `expired`, also while nothing can be proposed. The commands of one batch
   * go together, when the last one's time-out has passed.
   */
  expire(nowMs: number, expired: (waiter: Waiter) => void): void {
    if (this.#openWaiters.length > 0 && this.#openDeadlineMs < nowMs) this.#seal();
    if (!this.#sealed.some((chunk) => chunk.deadlineMs < nowMs)) return;
    const late = this.#sealed.filter((chunk) => chunk.deadlineMs < nowMs);
    this.#sealed = this.#sealed.filter((chunk) => chunk.deadlineMs >= nowMs);
    for (const { bytes, waiters } of late) {
      this.#sealedBytes -= bytes.length;
      waiters.forEach(expired);
    }
  }

  /** Forgets everybody who waits for a proposed batch: none of them will be answered here. */
  abandonInFlight(): readonly Waiter[] {
    const waiters = [...this.#inFlight.values()].flatMap((batch) => batch.waiters);
    this.#inFlight.clear();
    return waiters;
  }

  /** Leadership is over: everybody who waits, apart by what can be said of their commands. */
  abandon(): { readonly queued: readonly Waiter[]; readonly inFlight: readonly Waiter[] } {
    this.#seal();
    const queued = this.#sealed.flatMap((chunk) => chunk.waiters);
    this.#sealed = [];
    this.#sealedBytes = 0;
    return { queued, inFlight: this.abandonInFlight() };
  }

  #seal(): void {
    if (this.#openWaiters.length === 0) return;
    const bytes = this.#open.bytes();
    this.#sealed.push({ bytes, waiters: this.#openWaiters, deadlineMs: this.#openDeadlineMs });
    this.#sealedBytes += bytes.length;
    this.#open.reset();
    this.#openWaiters = [];
    this.#openDeadlineMs = 0;
  }
}
