/** The process that `backend-conformance-kill.ts` kills: applies the slots of a log to a store, and tells each. */
import { readFileSync } from 'node:fs';
import type { BackendFactory } from '../ports/backend.ts';
import { CLUSTER_ID, StoreRun } from './backend-conformance-kit.ts';

export type VictimOrders = {
  /** File URL of a module with `createBackend`. */
  readonly module: string;
  readonly options: unknown;
  readonly directory: string;
  /** Path of a JSON file: by slot, the commands in hexadecimal digits. */
  readonly log: string;
};

process.once('message', (orders: VictimOrders) => {
  work(orders).then(
    () => process.disconnect(),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`, () => process.exit(1));
    },
  );
});

async function work({ module, options, directory, log }: VictimOrders): Promise<void> {
  const { createBackend } = (await import(module)) as { readonly createBackend: BackendFactory };
  const backend = await createBackend(options);
  const { signal } = new AbortController();
  const image = await backend.open({ clusterId: CLUSTER_ID, group: 0, node: 1, directory, signal, options });
  const run = new StoreRun(backend, image, directory, new WeakMap());
  const slots = JSON.parse(readFileSync(log, 'utf8')) as string[][];
  for (const commands of slots.slice(run.mark.slot)) {
    await run.applyBatch(run.batchOf(commands.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))));
    process.send?.(run.mark.slot);
  }
  await backend.close();
}
