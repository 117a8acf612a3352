/**
 * `explain`: what a node would write into the log for a command, or why it would refuse it. Nothing is executed.
 *
 * Any node can say it; the endpoints are asked one after the other until one answers.
 */
import { QuorateError } from '@quorate/wire';
import type { CommandContext } from '../context.ts';

const EXPLAIN_TIMEOUT_MS = 5000;

/** @throws CANNOT_CONNECT when no node answers */
export async function runExplain(context: CommandContext, words: readonly string[]): Promise<void> {
  const explanation = await askFirst(
    await context.endpoints(),
    words,
    context.timeoutMsOr(EXPLAIN_TIMEOUT_MS),
  );
  if (context.format === 'json') context.printJson({ explanation });
  else context.print(`${explanation}\n`);
}

async function askFirst(
  addrs: readonly string[],
  words: readonly string[],
  timeoutMs: number,
): Promise<string> {
  const query = new URLSearchParams(words.map((word): [string, string] => ['word', word]));
  const failures: string[] = [];
  for (const addr of addrs) {
    try {
      return await ask(`http://${addr}/v1/explain?${query.toString()}`, timeoutMs);
    } catch (error) {
      failures.push(`${addr}: ${reasonOf(error)}`);
    }
  }
  throw new QuorateError('CANNOT_CONNECT', `no node explained it: ${failures.join('; ')}`);
}

async function ask(url: string, timeoutMs: number): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (response.status === 431) throw new Error('the command is too long to be explained');
  if (!response.ok) throw new Error(`it answers ${response.status}`);
  const { explanation } = (await response.json()) as { readonly explanation?: unknown };
  if (typeof explanation !== 'string') throw new Error('it answers, but not as a node does');
  return explanation;
}

/** `fetch` hides the reason below "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
