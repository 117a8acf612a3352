/**
 * Gives back what a node holds, part by part, and also the parts behind one that fails or does not come to an end: the
 * journal is last and has a lock.
 */
import type { Clock } from '../ports/clock.ts';

/** So long a part may take to close, in milliseconds; then it is left as it is. A disk that hangs must not keep a process. */
export const CLOSE_LIMIT_MS = 5000;

export type Closing = { readonly what: string; readonly close: () => Promise<void> };

/** In their order, one after another. Returns what went wrong first. */
export async function closeAll(parts: readonly Closing[], clock: Clock): Promise<Error | undefined> {
  let trouble: Error | undefined;
  for (const part of parts) {
    try {
      await within(part, clock);
    } catch (error) {
      trouble ??= error instanceof Error ? error : new Error(String(error));
    }
  }
  return trouble;
}

function within({ what, close }: Closing, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(CLOSE_LIMIT_MS, () =>
      reject(new Error(`${what} could not be closed within ${CLOSE_LIMIT_MS} ms`)),
    );
    void Promise.resolve()
      .then(close)
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
