/**
 * Gives back what a node holds, part by part, and also the parts behind one that fails or does not come to an end: the
 * journal is last and has a lock.
 */
import { QuorateError } from '@quorate/wire';
import { CLOSE_LIMIT_MS } from '../config/settings.ts';

export type Closing = { readonly what: string; readonly close: () => Promise<void> };

/** In their order, one after another. Returns what went wrong first: TIMEOUT for a part that was left as it is. */
export async function closeAll(
  parts: readonly Closing[],
  limitMs: number = CLOSE_LIMIT_MS,
): Promise<Error | undefined> {
  let trouble: Error | undefined;
  for (const part of parts) {
    try {
      await within(part, limitMs);
    } catch (error) {
      trouble ??= error instanceof Error ? error : new Error(String(error));
    }
  }
  return trouble;
}

/** Not by the node's clock, whose timers let the process end: it would, before anybody heard what went wrong. */
function within({ what, close }: Closing, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(
        new QuorateError('TIMEOUT', `${what} could not be closed within ${limitMs} ms`, { outcome: 'none' }),
      );
    const timer = setTimeout(late, limitMs);
    void Promise.resolve()
      .then(close)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
