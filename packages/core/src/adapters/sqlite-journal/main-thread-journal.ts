/**
 * The journal on the event loop's own thread: the lowest latency on a disk that flushes in less than about a
 * millisecond, because nothing crosses a thread.
 *
 * A commit runs in the microtask after the turn that appended, so that whatever the turn wrote to its sockets is
 * under way and the peers flush at the same time. Callbacks run right after it, never inside `append`. Merging
 * the write-ahead log waits for the next turn, when the acknowledgements have left.
 */
import { QuorateError } from '@quorate/wire';
import type { Journal, JournalIdentity, OpenedJournal, PeerRecord } from '../../ports/journal.ts';
import type { Logger } from '../../ports/logger.ts';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import type { ChosenEntry, Slot } from '../../protocol/types.ts';
import { FailureNews } from '../journal-common/failure-news.ts';
import { Caretaker } from './caretaker.ts';
import { JournalStore } from './store.ts';

type Pending = {
  readonly writes: readonly JournalWrite[];
  readonly done: (error: QuorateError | undefined) => void;
};

export class MainThreadJournal implements Journal {
  readonly #directory: string;
  readonly #logger: Logger;
  #store: JournalStore | undefined;
  #caretaker: Caretaker | undefined;
  /** Appends of this turn. Bounded by the protocol's window: the caller waits for callbacks. */
  #pending: Pending[] = [];
  #closed = false;
  readonly #news = new FailureNews(queueMicrotask);

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  async open(identity: JournalIdentity): Promise<OpenedJournal> {
    if (this.#store !== undefined || this.#closed)
      throw new QuorateError('ARGUMENT', 'a journal is opened once');
    const { store, opened } = JournalStore.open(this.#directory, identity);
    this.#store = store;
    this.#caretaker = new Caretaker(store, this.#logger, (failure) => this.#news.failed(failure));
    return opened;
  }

  append(writes: readonly JournalWrite[], done: (error: QuorateError | undefined) => void): void {
    this.#pending.push({ writes, done });
    if (this.#pending.length === 1) queueMicrotask(() => this.#flush());
  }

  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    return this.#opened().readEntries(fromSlot, untilSlot, maxBytes);
  }

  onFailure(hear: (error: QuorateError) => void): void {
    this.#news.listen(hear);
  }

  rememberPeer(record: PeerRecord): void {
    try {
      this.#opened().rememberPeer(record);
    } finally {
      this.#tellOfFailure();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#caretaker?.stop();
    this.#store?.close();
  }

  flushMs(): { readonly p50: number; readonly p99: number } {
    return this.#store?.flushMs() ?? { p50: Number.NaN, p99: Number.NaN };
  }

  /** Commits everything that was appended since the last time, then acknowledges it in order. */
  #flush(): void {
    if (this.#pending.length === 0) return;
    const batch = this.#pending;
    this.#pending = [];
    const error = this.#commit(batch);
    this.#tellOfFailure();
    for (const { done } of batch) done(error);
    this.#caretaker?.afterCommit();
  }

  #commit(batch: readonly Pending[]): QuorateError | undefined {
    try {
      this.#opened().commit(batch.map(({ writes }) => writes));
      return undefined;
    } catch (error) {
      if (error instanceof QuorateError) return error;
      throw error;
    }
  }

  #tellOfFailure(): void {
    const failure = this.#store?.failure();
    if (failure !== undefined && !this.#closed) this.#news.failed(failure);
  }

  #opened(): JournalStore {
    if (this.#store === undefined || this.#closed)
      throw new QuorateError('CLOSED', 'the journal is not open');
    return this.#store;
  }
}
