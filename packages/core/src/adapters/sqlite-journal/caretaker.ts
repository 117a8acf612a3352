/**
 * Chooses the moments for the work of a journal that nobody waits for: a checkpoint in a turn of its own when
 * the write-ahead log has grown, and settling when nothing was committed for a while. A failure here ends the
 * journal like any other, and its owner hears of it.
 */
import type { QuorateError } from '@quorate/wire';
import type { Logger } from '../../ports/logger.ts';
import type { JournalStore } from './store.ts';

/** A checkpoint in the next turn of the event loop: about 1.5 ms of work. */
const CHECKPOINT_BYTES = 1024 * 1024;
/** A checkpoint at once, because turns do not come: else the write-ahead log would outgrow its file. */
const OVERDUE_BYTES = 3 * CHECKPOINT_BYTES;
/** Quiet time after which the journal settles; so the learned slot on disk lags by at most about this much. */
const SETTLE_AFTER_MS = 200;

export class Caretaker {
  readonly #store: JournalStore;
  readonly #logger: Logger;
  readonly #onFailure: (failure: QuorateError) => void;
  #lastCommitMs = 0;
  #settling: NodeJS.Timeout | undefined;
  #checkpoint: NodeJS.Immediate | undefined;

  constructor(store: JournalStore, logger: Logger, onFailure: (failure: QuorateError) => void) {
    this.#store = store;
    this.#logger = logger;
    this.#onFailure = onFailure;
    this.afterCommit();
  }

  /** After each commit, when its callbacks have run. Cheap unless a checkpoint is overdue. */
  afterCommit(): void {
    this.#lastCommitMs = performance.now();
    const { unmergedBytes } = this.#store;
    if (unmergedBytes >= OVERDUE_BYTES) this.#runCheckpoint();
    else if (unmergedBytes >= CHECKPOINT_BYTES)
      this.#checkpoint ??= setImmediate(() => this.#runCheckpoint());
    if (this.#store.isUnsettled && this.#settling === undefined) this.#watchForQuiet(SETTLE_AFTER_MS);
  }

  stop(): void {
    clearImmediate(this.#checkpoint);
    clearTimeout(this.#settling);
  }

  #runCheckpoint(): void {
    clearImmediate(this.#checkpoint);
    this.#checkpoint = undefined;
    this.#guard(() => this.#store.checkpoint());
  }

  /** One timer for many commits: it looks how long ago the last one was and sleeps for the rest. */
  #watchForQuiet(delayMs: number): void {
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      const restMs = this.#lastCommitMs + SETTLE_AFTER_MS - performance.now();
      if (restMs > 0) this.#watchForQuiet(restMs);
      else this.#guard(() => this.#store.settle());
    }, delayMs).unref();
  }

  #guard(work: () => void): void {
    if (this.#store.failure() !== undefined) return;
    try {
      work();
    } catch (error) {
      // Kept by the store as its failure: no later write is acknowledged, and each says why.
      const failure = this.#store.failure();
      if (failure === undefined || error !== failure) throw error;
      this.#logger.error(failure.message, { code: failure.code });
      this.#onFailure(failure);
    }
  }
}
