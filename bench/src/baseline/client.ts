/**
 * The client of the baseline: one promise per command, all commands of a turn of the event loop in one message, and
 * no session, no retry, no time-out. Answers come in the order of the commands of their connection, so an answer is
 * a count.
 */
import type { PerfClient } from 'quorate/perf';
import type { WebSocket } from 'ws';
import { asBuffer, dial } from './link.ts';

type Waiting = { readonly resolve: () => void };

export class BaselineClient implements PerfClient {
  readonly #socket: WebSocket;
  readonly #recordBytes: number;
  /** Commands that were called in this turn, as `recordBytes` each. */
  #gathered: Buffer;
  #gatheredBytes = 0;
  #isScheduled = false;
  /** Unanswered calls in the order of their sending; `#head` is the oldest. */
  #waiting: Waiting[] = [];
  #head = 0;

  static async connect(port: number, recordBytes: number, maxInFlight: number): Promise<BaselineClient> {
    return new BaselineClient(await dial(port), recordBytes, maxInFlight);
  }

  private constructor(socket: WebSocket, recordBytes: number, maxInFlight: number) {
    this.#socket = socket;
    this.#recordBytes = recordBytes;
    this.#gathered = Buffer.allocUnsafe(recordBytes * maxInFlight);
    socket.on('message', (data) => this.#onAnswers(asBuffer(data).readUInt32LE(0)));
  }

  /** Key and value together have `recordBytes` characters of one byte. */
  setBytes(key: string, value: string): Promise<void> {
    const keyBytes = this.#gathered.write(key, this.#gatheredBytes, 'latin1');
    const valueBytes = this.#gathered.write(value, this.#gatheredBytes + keyBytes, 'latin1');
    if (keyBytes + valueBytes !== this.#recordBytes)
      throw new RangeError(`a record has ${this.#recordBytes} bytes, not ${keyBytes + valueBytes}`);
    this.#gatheredBytes += this.#recordBytes;
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#flush());
    }
    return new Promise((resolve) => this.#waiting.push({ resolve }));
  }

  getBytes(): Promise<never> {
    return Promise.reject(new TypeError('the baseline cannot be read'));
  }

  delBytes(): Promise<never> {
    return Promise.reject(new TypeError('the baseline deletes nothing'));
  }

  get(): Promise<never> {
    return this.getBytes();
  }

  async close(): Promise<void> {
    this.#socket.close();
  }

  #flush(): void {
    this.#isScheduled = false;
    this.#socket.send(Buffer.from(this.#gathered.subarray(0, this.#gatheredBytes)));
    this.#gatheredBytes = 0;
  }

  #onAnswers(count: number): void {
    for (let index = 0; index < count; index++) this.#waiting[this.#head++]?.resolve();
    if (this.#head * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#head);
    this.#head = 0;
  }
}
