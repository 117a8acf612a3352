/**
 * Group commit: at most one append under way; what arrives meanwhile joins the next one. Load sizes the groups.
 *
 * Owns "durable, then spoken": `durable` rises only in the journal's callback. A failed append is final.
 */
import type { QuorateError } from '@quorate/wire';
import type { Journal } from '../ports/journal.ts';
import type { JournalWrite } from '../protocol/replica-types.ts';
import { asWriteSequence, type WriteSequence } from '../protocol/types.ts';

export type PersisterHandlers = {
  onDurable(through: WriteSequence): void;
  onFailure(error: QuorateError): void;
};

export class Persister {
  readonly #journal: Journal;
  readonly #handlers: PersisterHandlers;
  #pending: JournalWrite[] = [];
  #pendingBytes = 0;
  /** Handed to the journal and not flushed. */
  #flushingBytes = 0;
  #busy = false;
  #failed = false;
  #durable: WriteSequence = asWriteSequence(0);

  constructor(journal: Journal, handlers: PersisterHandlers) {
    this.#journal = journal;
    this.#handlers = handlers;
  }

  /** Every write up to here is on stable storage. */
  get durable(): WriteSequence {
    return this.#durable;
  }

  get idle(): boolean {
    return !this.#busy && this.#pending.length === 0;
  }

  /** Memory that is held until the disk has caught up, about. */
  get waitingBytes(): number {
    return this.#pendingBytes + this.#flushingBytes;
  }

  add(writes: readonly JournalWrite[]): void {
    for (const write of writes) {
      this.#pending.push(write);
      this.#pendingBytes += heldBytes(write);
    }
  }

  /** Hands everything that waits to the journal, unless an append is under way. True when one has begun. */
  kick(): boolean {
    if (this.#busy || this.#failed || this.#pending.length === 0) return false;
    const writes = this.#pending;
    this.#pending = [];
    this.#flushingBytes = this.#pendingBytes;
    this.#pendingBytes = 0;
    this.#busy = true;
    const through = (writes[writes.length - 1] as JournalWrite).sequence;
    this.#journal.append(writes, (error) => this.#done(through, error));
    return this.#busy;
  }

  #done(through: WriteSequence, error: QuorateError | undefined): void {
    this.#busy = false;
    this.#flushingBytes = 0;
    if (this.#failed) return;
    if (error !== undefined) {
      this.#failed = true;
      this.#handlers.onFailure(error);
      return;
    }
    this.#durable = through;
    this.#handlers.onDurable(through);
  }
}

const WRITE_BYTES = 128;

function heldBytes(write: JournalWrite): number {
  const hasBytes = (write.kind === 'accept' || write.kind === 'chosen') && write.entry.value.kind === 'batch';
  return WRITE_BYTES + (hasBytes ? write.entry.value.bytes.length : 0);
}
