/** The node's end of the thread of the embedded server: one question after the other, answers in pieces. */
import { Worker } from 'node:worker_threads';
import { BackendUnavailable } from '@quorate/core/ports';
import type { Question } from './protocol-units.ts';
import type { WorkerNotice, WorkerOrder, WorkerStart } from './worker-messages.ts';

type Asking = {
  readonly onPiece: (bytes: Uint8Array) => void;
  last: Uint8Array;
  readonly resolve: (last: Uint8Array) => void;
  readonly reject: (error: Error) => void;
};

export class EmbeddedThread {
  readonly #worker: Worker;
  #asking: Asking | undefined;
  #why = 'its thread is gone';
  #isEnded = false;
  readonly started: Promise<void>;
  /** Why it ended. Never rejects. */
  readonly ended: Promise<Error>;

  constructor(start: WorkerStart) {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: start });
    this.#worker = worker;
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => resolve(this.#end()));
    });
    this.started = new Promise((resolve, reject) => {
      worker.on('message', (notice: WorkerNotice) => {
        if (notice.kind === 'started') resolve();
        else this.#take(notice);
      });
      void this.ended.then(reject);
    });
    this.started.catch(() => undefined);
    worker.on('error', (error) => {
      this.#why = (error as Error).message;
    });
  }

  /** Not before the last one is answered. @returns the last piece of the answer @throws BackendUnavailable */
  ask({ bytes }: Question, onPiece: (bytes: Uint8Array) => void): Promise<Uint8Array> {
    if (this.#isEnded) return Promise.reject(this.#end());
    const order: WorkerOrder = { question: bytes };
    this.#worker.postMessage(order);
    return new Promise((resolve, reject) => {
      this.#asking = { onPiece, last: new Uint8Array(0), resolve, reject };
    });
  }

  terminate(): void {
    void this.#worker.terminate();
  }

  #take(notice: WorkerNotice): void {
    const asking = this.#asking;
    if (notice.kind === 'failed') {
      this.#why = notice.message;
      this.terminate();
    } else if (notice.kind === 'piece' && asking !== undefined) {
      asking.last = notice.bytes;
      asking.onPiece(notice.bytes);
    } else if (notice.kind === 'answered' && asking !== undefined) {
      this.#asking = undefined;
      asking.resolve(asking.last);
    }
  }

  #end(): Error {
    const error = new BackendUnavailable(`the embedded PostgreSQL ended: ${this.#why}`);
    this.#isEnded = true;
    this.#asking?.reject(error);
    this.#asking = undefined;
    return error;
  }
}
