/**
 * A client for the nodes that the options name. Leaves everything about connections to `@quorate/client`.
 */
import type { QuorateClient } from '@quorate/client';
import type { CommandContext } from './context.ts';

const MAX_CONNECT_TIMEOUT_MS = 2000;

/** The caller closes it. `given` are endpoints named as arguments. */
export async function connect(
  context: CommandContext,
  given: readonly string[] = [],
): Promise<QuorateClient> {
  const [{ createClient }, endpoints] = await Promise.all([
    import('@quorate/client'),
    context.endpoints(given),
  ]);
  return createClient({ ...clientTimes(context.timeoutMs), endpoints, clientName: 'quorate' });
}

/** "Nobody is there" has to be said before the time of the command is over, or it would be called a time-out. */
export function clientTimes(timeoutMs: number): {
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
} {
  return {
    timeoutMs,
    connectTimeoutMs: Math.max(1, Math.min(MAX_CONNECT_TIMEOUT_MS, Math.floor(timeoutMs * 0.9))),
  };
}
