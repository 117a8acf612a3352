/**
 * The next segment, filled with zeros beside other work long before it is needed: flushing into a file that keeps
 * its size is faster than into one that grows, and a full disk is noticed while there is still room to write.
 */
import type { JournalDisk, JournalFile } from '../../ports/journal-disk.ts';

/** The name while it waits; what is found under it at a start is a leftover. */
export const SPARE_FILE = 'next';

/** Zeros per write: the log's own flushes wait at most for one of them. */
const STEP_BYTES = 256 * 1024;

export type SpareSegment = { readonly file: JournalFile; readonly bytes: number };
type Taker = (error: unknown, spare: SpareSegment | undefined) => void;

export class Spare {
  readonly #disk: JournalDisk;
  #state: 'none' | 'filling' | 'ready' = 'none';
  #spare: SpareSegment | undefined;
  #taker: Taker | undefined;
  #isClosed = false;
  /** Kept from one to the next. */
  #zeros: Buffer = Buffer.alloc(0);
  /** A file with its name could not be removed. */
  #hasLeftover = false;

  constructor(disk: JournalDisk) {
    this.#disk = disk;
  }

  get isWanted(): boolean {
    return this.#state === 'none';
  }

  /** Begins to fill one, unless that is done or under way. `failed` hears why there is none; it may be tried again. */
  prepare(bytes: number, failed: (error: unknown) => void): void {
    if (this.#state !== 'none' || this.#isClosed) return;
    this.#state = 'filling';
    try {
      if (this.#zeros.length === 0) this.#zeros = this.#disk.memory(STEP_BYTES);
      if (this.#hasLeftover && this.#disk.list().includes(SPARE_FILE)) this.#disk.remove(SPARE_FILE);
      this.#hasLeftover = false;
      this.#spare = { file: this.#disk.create(SPARE_FILE), bytes };
    } catch (error) {
      this.#state = 'none';
      this.#tell(error, failed);
      return;
    }
    this.#fill(0, failed);
  }

  /** Hands out one with at least `neededBytes`, now or when one of `wantedBytes` is filled. It is the caller's then. */
  take(neededBytes: number, wantedBytes: number, taker: Taker): void {
    const spare = this.#spare;
    if (this.#state === 'ready' && spare !== undefined && spare.bytes >= neededBytes) {
      this.#spare = undefined;
      this.#state = 'none';
      taker(undefined, spare);
      return;
    }
    this.#taker = (error, filled) => {
      if (filled === undefined) taker(error, undefined);
      else this.take(neededBytes, wantedBytes, taker);
    };
    if (this.#state === 'filling') return;
    this.#discard();
    this.prepare(wantedBytes, () => undefined);
  }

  /** Removes it; `done` runs when nothing of it is under way any more. */
  close(done: () => void): void {
    this.#isClosed = true;
    if (this.#state === 'filling') {
      this.#taker = done;
      return;
    }
    this.#discard();
    done();
  }

  #fill(from: number, failed: (error: unknown) => void): void {
    const { file, bytes } = this.#spare as SpareSegment;
    const step = this.#zeros.subarray(0, Math.min(STEP_BYTES, bytes - from));
    file.writeLater(step, from, (error) => {
      const filled = from + step.length;
      if (!this.#isClosed && error === undefined && filled < bytes) return this.#fill(filled, failed);
      this.#state = 'ready';
      if (this.#isClosed || error !== undefined) this.#discard();
      this.#tell(error, failed);
    });
  }

  /** Never fails: a file that cannot be removed now is removed before the next one is made, or at the next start. */
  #discard(): void {
    this.#state = 'none';
    const spare = this.#spare;
    if (spare === undefined) return;
    this.#spare = undefined;
    try {
      spare.file.close();
      this.#disk.remove(SPARE_FILE);
    } catch {
      this.#hasLeftover = true;
    }
  }

  #tell(error: unknown, failed: (error: unknown) => void): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) taker(error, this.#spare);
    else if (error !== undefined) failed(error);
  }
}
