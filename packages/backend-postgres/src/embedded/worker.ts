/**
 * The thread in which the embedded server lives: a long statement, or making a database, stops this thread and not the
 * node, and the node can end it at any moment.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerNotice, WorkerOrder, WorkerStart } from './worker-messages.ts';

/** The part of the package that is used here; its own types are for browsers too. */
type PGliteModule = {
  readonly PGlite: {
    create(directory: string): Promise<{
      execProtocolRawStream(
        message: Uint8Array,
        options: { readonly syncToFs: boolean; readonly onRawData: (bytes: Uint8Array) => void },
      ): Promise<void>;
    }>;
  };
};

const { module, directory } = workerData as WorkerStart;
const tell = (notice: WorkerNotice): void => parentPort?.postMessage(notice);

async function main(): Promise<void> {
  const { PGlite } = (await import(module)) as PGliteModule;
  const server = await PGlite.create(directory);
  let orders: Promise<void> = Promise.resolve();
  const answer = async ({ question }: WorkerOrder): Promise<void> => {
    // The bytes are the server's own memory until they are copied.
    const onRawData = (bytes: Uint8Array): void => tell({ kind: 'piece', bytes: bytes.slice() });
    await server.execProtocolRawStream(question, { syncToFs: false, onRawData });
    tell({ kind: 'answered' });
  };
  parentPort?.on('message', (order: WorkerOrder) => {
    orders = orders.then(() => answer(order)).catch(fail);
  });
  tell({ kind: 'started' });
}

/** The server cannot go on after an error that is not an answer; the thread ends. */
function fail(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

main().catch(fail);
