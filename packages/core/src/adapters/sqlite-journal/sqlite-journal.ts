/**
 * The journal that plain `sqlite3` can read: a database in a directory of its own. This file chooses the thread it runs on;
 * `main-thread-journal.ts` and `worker-journal.ts` do the rest over the same store.
 */
import { QuorateError } from '@quorate/wire';
import type { Journal, JournalIdentity, OpenedJournal, PeerRecord } from '../../ports/journal.ts';
import { type Logger, SILENT_LOGGER } from '../../ports/logger.ts';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import type { ChosenEntry, Slot } from '../../protocol/types.ts';
import { journalTrouble } from '../journal-common/trouble.ts';
import { probeFlushMs } from './disk-probe.ts';
import { MainThreadJournal } from './main-thread-journal.ts';
import { WorkerJournal } from './worker-journal.ts';

export type SqliteJournalOptions = {
  /** Belongs to this journal alone; created, with access for its owner only. Never on a network file system. */
  readonly directory: string;
  /**
   * 'main': commits on the event loop, lowest latency. 'worker': in a thread, so that a slow disk does not stop
   * heartbeats. 'auto' (the default) times a few flushes at open and takes 'main' below MAIN_THREAD_FLUSH_MS.
   */
  readonly thread?: 'auto' | 'main' | 'worker';
  readonly logger?: Logger;
};

/** Median flush up to which 'auto' lets the event loop wait for the disk. */
export const MAIN_THREAD_FLUSH_MS = 1;

export function createSqliteJournal(options: SqliteJournalOptions): Journal {
  return new SqliteJournal(options);
}

class SqliteJournal implements Journal {
  readonly #directory: string;
  readonly #thread: 'auto' | 'main' | 'worker';
  readonly #logger: Logger;
  #chosen: Journal | undefined;
  #hear: ((error: QuorateError) => void) | undefined;

  constructor({ directory, thread = 'auto', logger = SILENT_LOGGER }: SqliteJournalOptions) {
    this.#directory = directory;
    this.#thread = thread;
    this.#logger = logger;
  }

  async open(identity: JournalIdentity): Promise<OpenedJournal> {
    if (this.#chosen !== undefined) throw new QuorateError('ARGUMENT', 'a journal is opened once');
    const flushMs = this.#thread === 'auto' ? this.#timeFlush() : Number.NaN;
    const thread = this.#thread === 'auto' ? threadFor(flushMs) : this.#thread;
    this.#chosen =
      thread === 'main'
        ? new MainThreadJournal(this.#directory, this.#logger)
        : new WorkerJournal(this.#directory, this.#logger);
    if (this.#hear !== undefined) this.#chosen.onFailure(this.#hear);
    const opened = await this.#chosen.open(identity);
    // Only now: the directory may have been another node's.
    if (this.#thread === 'auto')
      this.#logger.info('journal thread chosen by measured flush time', {
        thread,
        flushMs: Number(flushMs.toFixed(3)),
      });
    return opened;
  }

  append(writes: readonly JournalWrite[], done: (error: QuorateError | undefined) => void): void {
    this.#opened().append(writes, done);
  }

  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    return this.#opened().readEntries(fromSlot, untilSlot, maxBytes);
  }

  onFailure(hear: (error: QuorateError) => void): void {
    this.#hear = hear;
    this.#chosen?.onFailure(hear);
  }

  rememberPeer(record: PeerRecord): void {
    this.#opened().rememberPeer(record);
  }

  async close(): Promise<void> {
    await this.#chosen?.close();
  }

  flushMs(): { readonly p50: number; readonly p99: number } {
    return this.#chosen?.flushMs() ?? { p50: Number.NaN, p99: Number.NaN };
  }

  #timeFlush(): number {
    try {
      return probeFlushMs(this.#directory);
    } catch (error) {
      throw journalTrouble(this.#directory, 'timing a flush', error);
    }
  }

  #opened(): Journal {
    if (this.#chosen === undefined) throw new QuorateError('CLOSED', 'the journal is not open');
    return this.#chosen;
  }
}

function threadFor(flushMs: number): 'main' | 'worker' {
  return flushMs < MAIN_THREAD_FLUSH_MS ? 'main' : 'worker';
}
