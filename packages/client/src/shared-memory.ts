/** Memory in which values that were given to callers lie beside each other, and beside commands that are still to be sent. */
import { markAsUntransferable } from 'node:worker_threads';

/** With the views on it that are needed for every command: each would cost a call into the engine to ask a `Buffer` for it. */
export type SharedMemory = {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly buffer: ArrayBuffer;
};

/**
 * Not initialised, and never handed over to another thread: whoever transfers the `buffer` of a value there would take with
 * it, from under their owners, everything that lies beside it. A value is sent to a thread as a copy.
 */
export function sharedMemory(length: number): SharedMemory {
  const buffer = Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer;
  markAsUntransferable(buffer);
  return { bytes: Buffer.from(buffer), view: new DataView(buffer), buffer };
}
