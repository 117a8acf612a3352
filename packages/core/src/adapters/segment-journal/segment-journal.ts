/**
 * The default journal: a log in segments, appended to with one asynchronous flush at a time, so that the event loop
 * never waits for the disk. Whatever is appended during a flush goes into the next one as one record.
 *
 * Owns the order of callbacks, the rest record when it is quiet, and that the first failure is final. The bytes are
 * the business of log-writer.ts, the past that of recover.ts.
 */
import { QuorateError } from '@quorate/wire';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { Journal, JournalIdentity, OpenedJournal, PeerRecord } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { type Logger, SILENT_LOGGER } from '../../ports/logger.ts';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import type { ChosenEntry, Slot } from '../../protocol/types.ts';
import { FailureNews } from '../journal-common/failure-news.ts';
import { FlushTimes } from '../journal-common/flush-times.ts';
import { refuseOtherKind } from '../journal-common/kinds.ts';
import { journalTrouble } from '../journal-common/trouble.ts';
import { EntryReader } from './entry-reader.ts';
import { formatIfEmpty } from './format.ts';
import { DEFAULT_SIZES, LogWriter, type SegmentSizes } from './log-writer.ts';
import { type Recovered, recover, release } from './recover.ts';
import { SPARE_FILE } from './spare.ts';

/**
 * Quiet time after which a rest record is written: it stores what was learned, and shows that the record before it was
 * acknowledged. A journal that is damaged in its very last record before that cannot be told from a torn flush.
 */
const REST_AFTER_MS = 100;
/** A spare segment that could not be filled is tried again after this. */
const RETRY_SPARE_MS = 1000;

export type SegmentJournalParts = {
  readonly disk: JournalDisk;
  readonly clock: Clock;
  /** 32 hexadecimal digits, random, for a directory that is formatted. */
  readonly newStorageId: () => string;
  /** Runs a callback before any event of the disk or a timer, but not at once. */
  readonly defer: (callback: () => void) => void;
  readonly logger?: Logger;
  readonly sizes?: SegmentSizes;
};

type Done = (error: QuorateError | undefined) => void;
type Append = { readonly writes: readonly JournalWrite[]; readonly done: Done };
type Open = {
  readonly recovered: Recovered;
  readonly writer: LogWriter;
  readonly reader: EntryReader;
  readonly lock: { release(): void };
};

export class SegmentJournal implements Journal {
  readonly #parts: SegmentJournalParts;
  readonly #logger: Logger;
  readonly #flushTimes = new FlushTimes();
  #state: 'new' | 'open' | 'closing' | 'closed' = 'new';
  #open: Open | undefined;
  /** Bounded by the protocol's window: the caller waits for callbacks. */
  #waiting: Append[] = [];
  /** A record is being written, or callbacks of one are running. */
  #busy = false;
  #lastWriteMs = 0;
  #restTimer: Timer | undefined;
  #retrySpareAtMs = 0;
  #failure: QuorateError | undefined;
  readonly #news: FailureNews;
  #closing: Promise<void> | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(parts: SegmentJournalParts) {
    this.#parts = parts;
    this.#logger = parts.logger ?? SILENT_LOGGER;
    this.#news = new FailureNews(parts.defer);
  }

  async open(identity: JournalIdentity): Promise<OpenedJournal> {
    return this.openNow(identity);
  }

  /** The same without a promise: nothing else runs in a node before its journal is open. */
  openNow(identity: JournalIdentity): OpenedJournal {
    if (this.#state !== 'new') throw new QuorateError('ARGUMENT', 'a journal is opened once');
    this.#state = 'closed';
    const { disk } = this.#parts;
    let lock: { release(): void } | undefined;
    let recovered: Recovered | undefined;
    try {
      lock = disk.lock();
      refuseOtherKind(disk.list(), 'segments', disk.path);
      const formatted = formatIfEmpty(disk, identity, this.#parts.newStorageId());
      recovered = recover(disk, identity);
      if (disk.list().includes(SPARE_FILE)) disk.remove(SPARE_FILE);
      this.#open = this.#begin(recovered, lock);
      this.#state = 'open';
      this.#disturb();
      const { image, peers } = recovered;
      const { storageId } = recovered.identity;
      return {
        image,
        storageId,
        incarnation: this.#open.writer.incarnation,
        peers: peers.records,
        formatted,
      };
    } catch (error) {
      if (recovered !== undefined) release(recovered);
      lock?.release();
      throw journalTrouble(disk.path, 'opening the journal', error);
    }
  }

  append(writes: readonly JournalWrite[], done: Done): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#parts.defer(() => done(refusal));
      return;
    }
    this.#waiting.push({ writes, done });
    this.#pump();
  }

  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    const { reader } = this.#opened();
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    try {
      return reader.read(fromSlot, untilSlot, maxBytes);
    } catch (error) {
      throw journalTrouble(this.#parts.disk.path, 'reading entries', error);
    }
  }

  onFailure(hear: (error: QuorateError) => void): void {
    this.#news.listen(hear);
  }

  rememberPeer(record: PeerRecord): void {
    const { recovered } = this.#opened();
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    try {
      recovered.peers.remember(record);
    } catch (error) {
      throw this.#fail('remembering a peer', error);
    }
    this.#disturb();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  flushMs(): { readonly p50: number; readonly p99: number } {
    return this.#flushTimes.percentiles();
  }

  #begin(recovered: Recovered, lock: { release(): void }): Open {
    const { disk, sizes = DEFAULT_SIZES } = this.#parts;
    const writer = new LogWriter(disk, recovered, sizes, (error) => this.#spareFailed(error));
    writer.beginLife();
    recovered.witness.write(writer.reached);
    const { segments, state, seed, last, end, tornBytes } = recovered;
    if (tornBytes > 0)
      this.#logger.info('a flush was cut short when the last process ended; nobody was told of it', {
        segment: last.segment,
        offset: end,
      });
    return {
      recovered,
      writer,
      reader: new EntryReader(segments, state, seed, () => writer.durableEnd),
      lock,
    };
  }

  /** Takes everything that waits, unless a record is under way. */
  #pump(): void {
    if (this.#busy || this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#busy = true;
    if (batch.every(({ writes }) => writes.every(({ kind }) => kind === 'learned'))) this.#note(batch);
    else this.#write(batch);
  }

  /** What was learned needs no flush of its own: the next record says it, or the rest record. */
  #note(batch: readonly Append[]): void {
    const { recovered, writer } = this.#opened();
    let error: unknown;
    try {
      for (const { writes } of batch)
        for (const write of writes) recovered.state.apply(write, writer.durableEnd.segment);
      this.#disturb();
    } catch (thrown) {
      error = thrown;
    }
    this.#parts.defer(() => this.#finish(batch, error));
  }

  #write(batch: readonly Append[]): void {
    const startMs = this.#parts.clock.monotonicMs();
    let isInside = true;
    const { writer } = this.#opened();
    writer.write(
      'writes',
      batch.map(({ writes }) => writes),
      (error) => {
        if (error === undefined) this.#flushTimes.add(this.#parts.clock.monotonicMs() - startMs);
        if (isInside) this.#parts.defer(() => this.#finish(batch, error));
        else this.#finish(batch, error);
      },
    );
    isInside = false;
  }

  #finish(batch: readonly Append[], thrown: unknown): void {
    if (thrown !== undefined) this.#fail('writing entries', thrown);
    const failure = this.#failure;
    for (const { done } of batch) done(failure);
    this.#busy = false;
    if (failure !== undefined) this.#refuseWaiting(failure);
    else {
      this.#disturb();
      this.#prepareSpare();
      this.#pump();
    }
    if (!this.#busy) this.#whenIdle?.();
  }

  /** Notes that a rest record is due when it gets quiet. One timer for many records. */
  #disturb(): void {
    this.#lastWriteMs = this.#parts.clock.monotonicMs();
    if (this.#restTimer === undefined && this.#state === 'open') this.#watchForQuiet(REST_AFTER_MS);
  }

  #watchForQuiet(delayMs: number): void {
    this.#restTimer = this.#parts.clock.after(delayMs, () => {
      this.#restTimer = undefined;
      if (this.#state !== 'open' || this.#failure !== undefined) return;
      const restMs = this.#busy
        ? REST_AFTER_MS
        : this.#lastWriteMs + REST_AFTER_MS - this.#parts.clock.monotonicMs();
      if (restMs > 0) this.#watchForQuiet(restMs);
      else this.#rest('rest', () => this.#pump());
    });
  }

  /** A record without entries, and its witness when it is durable. */
  #rest(kind: 'rest' | 'close', then: () => void): void {
    this.#busy = true;
    const { writer, recovered } = this.#opened();
    const ended = (error: unknown): void => {
      this.#busy = false;
      if (error !== undefined) this.#fail('recording that the journal is at rest', error);
      if (this.#failure !== undefined) this.#refuseWaiting(this.#failure);
      then();
      if (!this.#busy) this.#whenIdle?.();
    };
    writer.write(kind, [], (error) => {
      if (error === undefined) recovered.witness.writeLater(writer.reached, ended);
      else ended(error);
    });
  }

  #prepareSpare(): void {
    if (this.#parts.clock.monotonicMs() >= this.#retrySpareAtMs) this.#opened().writer.prepareNext();
  }

  /** Not final: there is room in this segment still. It is when the segment is full and there is no other. */
  #spareFailed(error: unknown): void {
    this.#retrySpareAtMs = this.#parts.clock.monotonicMs() + RETRY_SPARE_MS;
    const { message, code } = journalTrouble(this.#parts.disk.path, 'making room for what comes next', error);
    this.#logger.warn(message, { code });
  }

  async #close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#restTimer?.cancel();
    const failureBefore = this.#failure;
    await new Promise<void>((resolve) => {
      const idle = (): void => {
        this.#whenIdle = undefined;
        if (this.#failure !== undefined) resolve();
        else this.#rest('close', resolve);
      };
      if (this.#busy) this.#whenIdle = idle;
      else idle();
    });
    this.#state = 'closed';
    const { writer, lock } = this.#opened();
    try {
      await new Promise<void>((resolve) => writer.close(resolve));
    } catch (error) {
      this.#fail('closing the journal', error);
    } finally {
      lock.release();
    }
    if (this.#failure !== failureBefore && this.#failure !== undefined) throw this.#failure;
  }

  #refuseWaiting(failure: QuorateError): void {
    for (const { done } of this.#waiting.splice(0)) done(failure);
  }

  /** The first failure is the one that everybody hears about. */
  #fail(action: string, error: unknown): QuorateError {
    if (this.#failure === undefined) {
      this.#failure = journalTrouble(this.#parts.disk.path, action, error);
      this.#logger.error(this.#failure.message, { code: this.#failure.code });
      if (this.#state === 'open') this.#news.failed(this.#failure);
    }
    return this.#failure;
  }

  #opened(): Open {
    if (this.#open === undefined) throw new QuorateError('CLOSED', 'the journal is not open');
    return this.#open;
  }

  #refusal(): QuorateError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    return this.#state === 'open' ? undefined : new QuorateError('CLOSED', 'the journal is not open');
  }
}
