/**
 * The journal in a thread of its own: costs two crossings per commit and keeps the event loop free while the
 * disk flushes. What is appended during a flush is one transaction after it.
 *
 * `readEntries` and `rememberPeer` return at once by contract, so they put this thread to sleep until the other
 * one has finished its flush and answered. They are rare: catch-up of a peer, first Hello of a storage.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { QuorateError } from '@quorate/wire';
import type { Journal, JournalIdentity, OpenedJournal, PeerRecord } from '../../ports/journal.ts';
import type { Logger } from '../../ports/logger.ts';
import type { JournalWrite } from '../../protocol/replica-types.ts';
import type { ChosenEntry, Slot } from '../../protocol/types.ts';
import { FailureNews } from '../journal-common/failure-news.ts';
import { journalTrouble } from '../journal-common/trouble.ts';
import { decodeEntries, encodeWrites } from './worker-codec.ts';
import {
  type FlushPercentiles,
  type FromWorker,
  fromPlain,
  type ToWorker,
  type WorkerAnswer,
  type WorkerStart,
} from './worker-messages.ts';

/** How long a call that must return at once waits for the other thread before the journal counts as failed. */
const ANSWER_TIMEOUT_MS = 60_000;

type Done = (error: QuorateError | undefined) => void;
type Opening = {
  readonly resolve: (opened: OpenedJournal) => void;
  readonly reject: (error: QuorateError) => void;
};

export class WorkerJournal implements Journal {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  /** Oldest first: appends whose transaction is not reported yet. Bounded by the protocol's window. */
  readonly #outstanding: Done[] = [];
  #worker: Worker | undefined;
  #answers: MessagePort | undefined;
  #opening: Opening | undefined;
  #opened: Promise<OpenedJournal> | undefined;
  #closing: Promise<void> | undefined;
  #exited: Promise<void> | undefined;
  #failure: QuorateError | undefined;
  readonly #news = new FailureNews(queueMicrotask);
  #flush: FlushPercentiles = { p50: Number.NaN, p99: Number.NaN };

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  open(identity: JournalIdentity): Promise<OpenedJournal> {
    this.#opened ??= this.#start(identity);
    return this.#opened;
  }

  append(writes: readonly JournalWrite[], done: Done): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      queueMicrotask(() => done(refusal));
      return;
    }
    const bytes = encodeWrites(writes);
    this.#outstanding.push(done);
    this.#post({ kind: 'append', bytes }, [bytes.buffer as ArrayBuffer]);
  }

  readEntries(fromSlot: Slot, untilSlot: Slot, maxBytes: number): readonly ChosenEntry[] {
    const answer = this.#ask({ kind: 'read', fromSlot, untilSlot, maxBytes });
    return answer.kind === 'entries' ? decodeEntries(answer.bytes) : [];
  }

  onFailure(hear: (error: QuorateError) => void): void {
    this.#news.listen(hear);
  }

  rememberPeer(record: PeerRecord): void {
    this.#ask({ kind: 'remember', record });
  }

  /** The thread answers after everything that was appended before. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  flushMs(): FlushPercentiles {
    return this.#flush;
  }

  #start(identity: JournalIdentity): Promise<OpenedJournal> {
    const { port1, port2 } = new MessageChannel();
    this.#answers = port1;
    const start: WorkerStart = {
      directory: this.#directory,
      identity,
      answers: port2,
      answered: this.#answered.buffer as SharedArrayBuffer,
    };
    const worker = new Worker(new URL('./journal-thread.js', import.meta.url), {
      workerData: start,
      transferList: [port2],
    });
    worker.on('message', (message: FromWorker) => this.#onMessage(message));
    worker.on('error', (error) => this.#fail(journalTrouble(this.#directory, 'the journal thread', error)));
    this.#exited = new Promise((resolve) => worker.once('exit', resolve)).then(() => this.#onExit());
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
  }

  async #close(): Promise<void> {
    // Whoever called `open` hears its error; here only its end matters.
    await this.#opened?.catch(() => undefined);
    const failureBefore = this.#failure;
    this.#post({ kind: 'close' });
    await this.#exited;
    if (this.#failure !== undefined && this.#failure !== failureBefore) throw this.#failure;
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'opened':
        this.#opening?.resolve(message.opened);
        this.#opening = undefined;
        return;
      case 'committed':
        this.#flush = message.flush;
        for (const done of this.#outstanding.splice(0, message.count)) done(undefined);
        return;
      case 'failed':
        this.#fail(fromPlain(message.error));
        return;
      case 'closed':
        // `close` waits for the exit that follows, when the lock is certainly free.
        return;
      default:
        return message satisfies never;
    }
  }

  /** The first failure is the one that everybody hears about. */
  #fail(error: QuorateError): void {
    if (this.#failure === undefined) {
      this.#failure = error;
      this.#logger.error(error.message, { code: error.code });
      if (this.#opening === undefined && this.#closing === undefined) this.#news.failed(error);
    }
    const failure = this.#failure;
    this.#opening?.reject(failure);
    this.#opening = undefined;
    for (const done of this.#outstanding.splice(0)) done(failure);
  }

  #onExit(): void {
    this.#answers?.close();
    if (this.#closing !== undefined || this.#failure !== undefined) return;
    this.#fail(new QuorateError('JOURNAL_IO', `the journal thread of ${this.#directory} ended by itself`));
  }

  #ask(request: ToWorker): WorkerAnswer {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    Atomics.store(this.#answered, 0, 0);
    this.#post(request);
    Atomics.wait(this.#answered, 0, 0, ANSWER_TIMEOUT_MS);
    const received = this.#answers === undefined ? undefined : receiveMessageOnPort(this.#answers);
    if (received === undefined) {
      const message = `the disk of ${this.#directory} did not answer within ${ANSWER_TIMEOUT_MS} ms`;
      const failure = new QuorateError('JOURNAL_IO', message);
      this.#fail(failure);
      throw failure;
    }
    const answer = received.message as WorkerAnswer;
    if (answer.kind === 'failed') throw fromPlain(answer.error);
    return answer;
  }

  #post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #refusal(): QuorateError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const isOpen = this.#worker !== undefined && this.#opening === undefined && this.#closing === undefined;
    return isOpen ? undefined : new QuorateError('CLOSED', 'the journal is not open');
  }
}
