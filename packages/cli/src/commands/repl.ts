/**
 * `repl`, and the REPL within `up`: at a terminal a prompt, from a pipe line by line.
 */
import { createClient } from '@quorate/client';
import { clientTimes } from '../connect.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { Evaluator } from '../repl/evaluator.ts';
import { faceOf } from '../repl/faces/index.ts';
import { runPipedRepl } from '../repl/piped.ts';
import { type StopReason, StopRequest } from '../server/stop-request.ts';
import { fetchStatus } from '../spawn/node-status.ts';

export async function runRepl(context: CommandContext, given: readonly string[]): Promise<void> {
  const endpoints = await context.endpoints(given);
  const stop = new StopRequest('stop');
  try {
    context.exitCode = await runReplOn(context, endpoints, stop);
  } finally {
    stop.dispose();
  }
}

/** The exit code. Ends early when this process is told to stop. */
export async function runReplOn(
  context: CommandContext,
  endpoints: readonly string[],
  stop: StopRequest,
): Promise<number> {
  const client = createClient({ ...clientTimes(context.timeoutMs), endpoints, clientName: 'quorate-repl' });
  const abort = new AbortController();
  void stop.requested.then((reason) => abort.abort(new CommandFailure(exitCodeAfter(reason), '')));
  const evaluator = new Evaluator(client, endpoints, faceOf(await backendAt(endpoints)));
  try {
    if (!isTerminal(context))
      return await endingWith(runPipedRepl(context, evaluator, abort.signal), abort.signal);
    const { runTerminalRepl } = await import('../repl/terminal.ts');
    await runTerminalRepl(context, evaluator, abort.signal);
    return EXIT.done;
  } finally {
    if (abort.signal.aborted) {
      client.destroy();
      context.streams.stdin.destroy();
    } else {
      await client.close();
    }
  }
}

/** What the first node that answers says; undefined when none does. */
async function backendAt(endpoints: readonly string[]): Promise<string | undefined> {
  const asked = endpoints.map(async (endpoint) => {
    const status = await fetchStatus(endpoint);
    if (status === undefined) throw new Error(`${endpoint} does not answer`);
    return status.backend;
  });
  return Promise.any(asked).catch(() => undefined);
}

/** Lines that were not executed are a failure, unless nobody wants to know the answers any more. */
function exitCodeAfter(reason: StopReason): number {
  if (reason === 'output') return EXIT.done;
  return reason === 'SIGINT' ? EXIT.interrupted : EXIT.failed;
}

/** A pipe that stays silent must not hold up the end. */
function endingWith(running: Promise<number>, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      const { reason } = signal as { readonly reason: unknown };
      resolve(reason instanceof CommandFailure ? reason.exitCode : EXIT.failed);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    running.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function isTerminal({ streams }: CommandContext): boolean {
  return streams.stdin.isTTY && streams.stdout.isTTY;
}
