/** Memory in which values that were given to callers lie beside each other, and beside commands that are still to be sent. */
import { markAsUntransferable } from 'node:worker_threads';

/**
 * Not initialised, and never handed over to another thread: whoever transfers the `buffer` of a value there would take with
 * it, from under their owners, everything that lies beside it. A value is sent to a thread as a copy.
 */
export function sharedMemory(bytes: number): Buffer {
  const memory = Buffer.allocUnsafeSlow(bytes);
  markAsUntransferable(memory.buffer);
  return memory;
}
