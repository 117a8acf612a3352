/**
 * The load: a fixed number of workers, each with one operation in flight, spread evenly over the connections. A
 * closed loop: a worker asks again when it has been answered, so a slow cluster is asked less often. Latency is the
 * time that a client waited for an answer at this number in flight, not the latency at some rate of arrival.
 *
 * Owns: who sends what when, and when it is over. Leaves to others: counting (`recorder.ts`), what must be true in
 * the end (`ledger.ts`), faults (`faults.ts`).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { QuorateError } from '@quorate/wire';
import type { Ledger } from './ledger.ts';
import type { Operation } from './mix.ts';
import { Recorder } from './recorder.ts';

/** One connection to the cluster, as the load uses it. */
export type PerfClient = {
  /** The forms that give bytes: the answers are not looked at, so nothing is spent on decoding them. */
  setBytes(key: string, value: string): Promise<unknown>;
  getBytes(key: string): Promise<unknown>;
  delBytes(key: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
  close(): Promise<void>;
};

export type LoadLimit =
  | { readonly kind: 'requests'; readonly count: number }
  | { readonly kind: 'duration'; readonly durationMs: number }
  /** Until `stop()`. */
  | { readonly kind: 'open' };

export type LoadOptions = {
  /** One per connection, not empty. */
  readonly clients: readonly PerfClient[];
  readonly inFlight: number;
  readonly limit: LoadLimit;
  /** Operations in the order in which they are issued, repeated without end; not empty. */
  readonly period: readonly Operation[];
  readonly ledger: Ledger;
};

/** A worker that was refused waits this long, so that a cluster without a leader is not asked in a tight loop. */
const PAUSE_AFTER_ERROR_MS = 5;
/** A load that nobody answers for so long is given up. */
export const MAX_SILENCE_MS = 60_000;

const NO_KEY = -1;

export class Load {
  readonly recorder: Recorder;
  readonly startedAt: number = performance.now();
  readonly #options: LoadOptions;
  /** Issued operations, in the sense of the limit. */
  #issued = 0;
  #ended = 0;
  #stopped = false;
  #endedAt = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.recorder = new Recorder(options.inFlight, this.startedAt);
  }

  /**
   * Returns when the limit is reached, or `stop()` was called, and every operation under way has ended.
   * @throws NO_LEADER when nothing was answered for MAX_SILENCE_MS
   */
  async run(): Promise<void> {
    const { clients, inFlight } = this.#options;
    const workers = Array.from({ length: inFlight }, (_, worker) =>
      this.#work(worker, clients[worker % clients.length] as PerfClient),
    );
    await Promise.all(workers);
    this.#endedAt = performance.now();
  }

  stop(): void {
    this.#stopped = true;
  }

  get elapsedMs(): number {
    return (this.#endedAt === 0 ? performance.now() : this.#endedAt) - this.startedAt;
  }

  /** Operations that have ended, well or not. */
  get ended(): number {
    return this.#ended;
  }

  /** How much of the run is done, from 0 to 1; 0 for an open one. */
  get progress(): number {
    const { limit } = this.#options;
    switch (limit.kind) {
      case 'requests':
        return Math.min(1, this.#ended / limit.count);
      case 'duration':
        return Math.min(1, this.elapsedMs / limit.durationMs);
      case 'open':
        return 0;
      default:
        return limit satisfies never;
    }
  }

  /** One operation after the other. Nothing is allocated here for an operation but what the client gives back. */
  async #work(worker: number, client: PerfClient): Promise<void> {
    const { period, ledger } = this.#options;
    while (this.#mayIssue()) {
      const operation = period[this.#issued++ % period.length] as Operation;
      const write = operation === 'set' ? ledger.nextWriteNumber() : 0;
      const sentAt = performance.now();
      let key = NO_KEY;
      try {
        key = operation === 'get' ? ledger.someKey() : ledger.beginWrite();
        await this.#send(client, operation, key, write);
      } catch (error) {
        this.#ended += 1;
        if (operation !== 'get' && key !== NO_KEY) giveUp(ledger, key, write, error);
        this.#fail(error);
        await delay(PAUSE_AFTER_ERROR_MS);
        continue;
      }
      const now = performance.now();
      if (operation !== 'get') ledger.acknowledged(key, write);
      this.recorder.answered(worker, now - sentAt, now);
      this.#ended += 1;
    }
  }

  #send(client: PerfClient, operation: Operation, key: number, write: number): Promise<unknown> {
    const { ledger } = this.#options;
    const text = ledger.keyText(key);
    switch (operation) {
      case 'set':
        return client.setBytes(text, ledger.valueText(write));
      case 'del':
        return client.delBytes(text);
      case 'get':
        return client.getBytes(text);
      default:
        return operation satisfies never;
    }
  }

  #mayIssue(): boolean {
    const { limit } = this.#options;
    if (this.#stopped) return false;
    if (limit.kind === 'requests') return this.#issued < limit.count;
    return limit.kind === 'open' || performance.now() - this.startedAt < limit.durationMs;
  }

  #fail(error: unknown): void {
    if (!(error instanceof QuorateError)) {
      this.stop();
      throw error;
    }
    this.recorder.failed(error);
    const silenceMs = performance.now() - Math.max(this.startedAt, this.recorder.lastAnswerAt);
    if (silenceMs > MAX_SILENCE_MS) {
      this.stop();
      throw new QuorateError(
        'NO_LEADER',
        `no answer for ${Math.round(silenceMs / 1000)} s; the last error: ${error.message}`,
      );
    }
  }
}

function giveUp(ledger: Ledger, key: number, number: number, error: unknown): void {
  if (error instanceof QuorateError && error.outcome === 'none') ledger.refused(key);
  else ledger.unknown(key, number);
}
