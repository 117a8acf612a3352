/**
 * Snapshots that are being copied, and what they and batches do to each other. Batches that change rows do not notice
 * them. One that changes the schema waits until the schema is read, and, for at most GRACE_MS, until the rows are; then
 * the log goes first and the snapshots are given up, to be taken again.
 */
import type { ApplyBatch, BackendSnapshot } from '@quorate/core/ports';
import { SqlFailure } from '../session.ts';
import type { SqlCommand } from '../sql/command.ts';
import { type TakenSnapshot, type TakeOptions, takeSnapshot } from './take.ts';

const GRACE_MS = 10_000;

export class OpenSnapshots {
  readonly #copying = new Set<TakenSnapshot>();

  async take(options: TakeOptions): Promise<BackendSnapshot> {
    const taken = await takeSnapshot(options);
    this.#copying.add(taken);
    void taken.copied.then(() => this.#copying.delete(taken));
    return taken.snapshot;
  }

  /** Applies a batch; `apply` is called again when a snapshot was in its way. */
  async around<Value>(batch: ApplyBatch<SqlCommand>, apply: () => Promise<Value>): Promise<Value> {
    if (this.#copying.size === 0) return apply();
    const changesSchema = batch.commands.some(({ command }) => command.isDdl === true);
    if (changesSchema) await Promise.all([...this.#copying].map(({ schemaRead }) => schemaRead));
    try {
      return await apply();
    } catch (error) {
      if (this.#copying.size === 0 || !isLocked(error)) throw error;
      await this.#finish();
      return apply();
    }
  }

  cancelAll(why: string): void {
    for (const { cancel } of this.#copying) cancel(why);
  }

  async #finish(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    const copied = Promise.all([...this.#copying].map(({ copied: done }) => done));
    await Promise.race([grace, copied]);
    clearTimeout(timer);
    this.cancelAll('a change of the schema came in between; take it again');
    await copied;
  }
}

/** lock_not_available: somebody else's lock stood in the way for as long as `lock_timeout`. */
function isLocked(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof SqlFailure && cause.state === '55P03';
}
