/**
 * A journal in memory, for tests: the contract of `ports/journal.ts` over a `MemoryDisk` that outlives it, with
 * the moments in the test's hands. Deterministic: no clock, no randomness, no scheduling of its own.
 *
 * Appended writes wait until `flush`. `crash` is the death of the process or of the power: what was not flushed
 * is lost, except for a prefix that the test lets survive; no callback runs any more; another journal can be
 * opened over the same disk. As with the real one, a learned slot alone is not worth a flush and may be lost.
 */
import { QuorateError } from '@quorate/wire';
import type { Journal, JournalIdentity, OpenedJournal, PeerRecord } from '../ports/journal.ts';
import type { JournalWrite } from '../protocol/replica-types.ts';
import type { ChosenEntry, Slot } from '../protocol/types.ts';
import { type MemoryDisk, maxLearned } from './memory-disk.ts';

export { MemoryDisk } from './memory-disk.ts';

export type MemoryJournalOptions = {
  readonly disk: MemoryDisk;
  /** Called by `append` when nothing was waiting: the moment to schedule a `flush`. Must not flush at once. */
  readonly onPending?: (journal: MemoryJournal) => void;
};

type Pending = {
  readonly writes: readonly JournalWrite[];
  readonly done: (error: QuorateError | undefined) => void;
};

export class MemoryJournal implements Journal {
  readonly #disk: MemoryDisk;
  readonly #onPending: (journal: MemoryJournal) => void;
  #pending: Pending[] = [];
  #state: 'new' | 'open' | 'closed' | 'crashed' = 'new';
  #failure: QuorateError | undefined;
  /** A flush has met the failure. */
  #isFound = false;
  #hear: ((error: QuorateError) => void) | undefined;
  /** At least the disk's. */
  #learnedSlot: Slot;

  constructor({ disk, onPending = () => undefined }: MemoryJournalOptions) {
    this.#disk = disk;
    this.#onPending = onPending;
    this.#learnedSlot = disk.learnedSlot;
  }

  /** Appends whose callback has not run. */
  get pendingAppends(): number {
    return this.#pending.length;
  }

  async open(identity: JournalIdentity): Promise<OpenedJournal> {
    if (this.#state !== 'new') throw new QuorateError('ARGUMENT', 'a journal is opened once');
    const opened = this.#disk.acquire(identity);
    this.#learnedSlot = this.#disk.learnedSlot;
    this.#state = 'open';
    return opened;
  }

  append(writes: readonly JournalWrite[], done: (error: QuorateError | undefined) => void): void {
    if (this.#state === 'crashed') return;
    this.#pending.push({ writes, done });
    if (this.#pending.length === 1) this.#onPending(this);
  }

  /** Makes the oldest `appends` durable and runs their callbacks in order. */
  flush(appends: number = this.#pending.length): void {
    if (this.#state === 'crashed') return;
    const batch = this.#pending.splice(0, appends);
    const error = this.#write(batch);
    for (const { done } of batch) done(error);
    if (error === undefined || this.#state !== 'open' || this.#isFound) return;
    this.#isFound = true;
    this.#hear?.(error);
  }

  /** From the next flush on, the disk refuses everything; a flush of nothing is the journal's own work between appends. */
  fail(error: QuorateError = new QuorateError('JOURNAL_IO', 'the disk in memory was told to fail')): void {
    this.#failure ??= error;
  }

  /** Of the writes that wait, the first `survivingWrites` reach the disk although nobody hears of it. */
  crash(survivingWrites = 0): void {
    if (this.#state !== 'open') return;
    const survivors = this.#pending.flatMap(({ writes }) => writes).slice(0, survivingWrites);
    if (this.#failure === undefined) this.#store(survivors);
    this.#pending = [];
    this.#state = 'crashed';
    this.#disk.release();
  }

  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    this.#requireUsable();
    return this.#disk.readChosen(fromSlot, untilSlot, maxBytes, this.#learnedSlot);
  }

  onFailure(hear: (error: QuorateError) => void): void {
    this.#hear = hear;
    const failure = this.#failure;
    if (this.#isFound && failure !== undefined) queueMicrotask(() => hear(failure));
  }

  rememberPeer(record: PeerRecord): void {
    this.#requireUsable();
    this.#disk.peers.set(record.node, record);
  }

  async close(): Promise<void> {
    if (this.#state === 'open') {
      this.flush();
      if (this.#failure === undefined) this.#disk.learn(this.#learnedSlot);
      this.#disk.release();
    }
    if (this.#state !== 'crashed') this.#state = 'closed';
  }

  /** Nothing is measured here. */
  flushMs(): { readonly p50: number; readonly p99: number } {
    return { p50: Number.NaN, p99: Number.NaN };
  }

  #write(batch: readonly Pending[]): QuorateError | undefined {
    try {
      this.#requireUsable();
      this.#store(batch.flatMap(({ writes }) => writes));
      return undefined;
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      if (this.#state === 'open') this.fail(error);
      return error;
    }
  }

  #store(writes: readonly JournalWrite[]): void {
    for (const write of writes) {
      if (write.kind === 'learned') this.#learnedSlot = maxLearned(this.#learnedSlot, write.slot, this.#disk);
      else this.#disk.apply(write);
    }
    // With a write that needs a flush of its own, what was learned is flushed too.
    if (writes.some((write) => write.kind !== 'learned')) this.#disk.learn(this.#learnedSlot);
  }

  #requireUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state !== 'open') throw new QuorateError('CLOSED', 'the journal is not open');
  }
}
