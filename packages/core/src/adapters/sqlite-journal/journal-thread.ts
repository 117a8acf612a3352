/**
 * The entry point of the journal's thread: a store behind a port. Takes everything that has arrived while it was
 * flushing and makes one transaction of it.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { SILENT_LOGGER } from '../../ports/logger.ts';
import { asSlot } from '../../protocol/types.ts';
import { Caretaker } from './caretaker.ts';
import { JournalStore } from './store.ts';
import { decodeWrites, encodeEntries } from './worker-codec.ts';
import {
  type FromWorker,
  type ToWorker,
  toPlain,
  type WorkerAnswer,
  type WorkerStart,
} from './worker-messages.ts';

const { directory, identity, answers, answered } = workerData as WorkerStart;
const flag = new Int32Array(answered);

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

function answer(message: WorkerAnswer): void {
  answers.postMessage(message, message.kind === 'entries' ? [message.bytes.buffer as ArrayBuffer] : []);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
}

function serve(store: JournalStore): void {
  const caretaker = new Caretaker(store, SILENT_LOGGER, (failure) =>
    tell({ kind: 'failed', error: toPlain(failure, directory) }),
  );
  parentPort?.on('message', (first: ToWorker) => {
    let batches: Uint8Array[] = [];
    const commit = (): void => {
      if (batches.length > 0) commitAll(store, caretaker, batches);
      batches = [];
    };
    for (const message of [first, ...drain()]) {
      if (message.kind === 'append') {
        batches.push(message.bytes);
        continue;
      }
      // Order is kept: a read sees every append that was made before it.
      commit();
      handle(store, caretaker, message);
    }
    commit();
  });
}

function drain(): ToWorker[] {
  const messages: ToWorker[] = [];
  if (parentPort === null) return messages;
  for (
    let next = receiveMessageOnPort(parentPort);
    next !== undefined;
    next = receiveMessageOnPort(parentPort)
  ) {
    messages.push(next.message as ToWorker);
  }
  return messages;
}

function commitAll(store: JournalStore, caretaker: Caretaker, batches: readonly Uint8Array[]): void {
  try {
    store.commit(batches.map(decodeWrites));
    tell({ kind: 'committed', count: batches.length, flush: store.flushMs() });
  } catch (error) {
    tell({ kind: 'failed', error: toPlain(error, directory) });
  }
  caretaker.afterCommit();
}

function handle(
  store: JournalStore,
  caretaker: Caretaker,
  message: Exclude<ToWorker, { kind: 'append' }>,
): void {
  switch (message.kind) {
    case 'read':
      return attempt(store, () => {
        const entries = store.readEntries(
          asSlot(message.fromSlot),
          asSlot(message.untilSlot),
          message.maxBytes,
        );
        return { kind: 'entries', bytes: encodeEntries(entries) };
      });
    case 'remember':
      return attempt(store, () => {
        store.rememberPeer(message.record);
        return { kind: 'remembered' };
      });
    case 'close':
      return close(store, caretaker);
    default:
      return message satisfies never;
  }
}

function attempt(store: JournalStore, call: () => WorkerAnswer): void {
  try {
    answer(call());
  } catch (error) {
    const plain = toPlain(error, directory);
    answer({ kind: 'failed', error: plain });
    if (store.failure() !== undefined) tell({ kind: 'failed', error: plain });
  }
}

function close(store: JournalStore, caretaker: Caretaker): void {
  caretaker.stop();
  try {
    store.close();
    tell({ kind: 'closed' });
  } catch (error) {
    tell({ kind: 'failed', error: toPlain(error, directory) });
  }
  answers.close();
  parentPort?.close();
}

try {
  const { store, opened } = JournalStore.open(directory, identity);
  serve(store);
  tell({ kind: 'opened', opened });
} catch (error) {
  tell({ kind: 'failed', error: toPlain(error, directory) });
  answers.close();
  parentPort?.close();
}
