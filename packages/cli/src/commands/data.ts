/**
 * `get`, `set`, `del` and `exec`: one command, one answer on standard output.
 *
 * A pipe gets the bytes of a value as they are, a terminal gets them readable, `-w json` an object. Leaves to
 * others: connecting and retrying (`@quorate/client`), what the words mean (the backend).
 */
import type { ExecResult, QuorateClient } from '@quorate/client';
import { connect } from '../connect.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { readAll } from '../input/read-all.ts';
import { valueForJson, valueForTerminal } from '../output/value.ts';
import { faceOf, PLAIN_FACE, type ReplFace } from '../repl/faces/index.ts';

export type ReadOptions = { readonly consistency?: 'linearizable' | 'stale' };

export async function runGet(
  context: CommandContext,
  key: string,
  { consistency }: ReadOptions,
): Promise<void> {
  const result = await once(context, (client, signal) =>
    client.exec(['GET', key], { consistency: consistency ?? 'linearizable', signal }),
  );
  if (context.format === 'json') {
    context.printJson({ key, found: result.ok && result.value !== null, ...jsonOf(result) });
  } else if (result.ok && result.value !== null) {
    // Exactly the bytes where a program reads them: nothing is added that was not stored.
    context.print(context.streams.stdout.isTTY ? `${valueForTerminal(result.value)}\n` : result.value);
  }
  if (!result.ok) throw refusal(result);
  if (result.value === null) context.exitCode = EXIT.notFound;
}

export async function runSet(context: CommandContext, key: string, value: string): Promise<void> {
  const bytes = value === '-' ? await readAll(context.streams.stdin) : value;
  printResult(context, await once(context, (client, signal) => client.exec(['SET', key, bytes], { signal })));
}

export async function runDel(context: CommandContext, key: string): Promise<void> {
  printResult(context, await once(context, (client, signal) => client.exec(['DEL', key], { signal })));
}

export async function runExec(
  context: CommandContext,
  words: readonly string[],
  options: ReadOptions,
): Promise<void> {
  const [only = ''] = words;
  let face = PLAIN_FACE;
  const result = await once(context, async (client, signal) => {
    const answer = await client.exec(words.length === 1 ? only : words, { ...options, signal });
    face = faceOf(client.backend);
    return answer;
  });
  printResult(context, result, face);
}

/** Ctrl-C gives up waiting, so that the client can say what is known about the command; a second one ends at once. */
async function once(
  context: CommandContext,
  call: (client: QuorateClient, signal: AbortSignal) => Promise<ExecResult>,
): Promise<ExecResult> {
  const client = await connect(context);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  try {
    return await call(client, interrupt.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
    if (interrupt.signal.aborted) client.destroy();
    else await client.close();
  }
}

/** One line, unless the value itself has several. */
function printResult(context: CommandContext, result: ExecResult, face: ReplFace = PLAIN_FACE): void {
  if (context.format === 'json') context.printJson(jsonOf(result));
  else if (result.ok) printLine(context, result.value, face);
  if (!result.ok) throw refusal(result);
}

function printLine(context: CommandContext, value: Uint8Array | null, face: ReplFace): void {
  context.print(context.streams.stdout.isTTY ? face.forTerminal(value) : face.forPipe(value));
  context.print('\n');
}

function jsonOf(result: ExecResult): Readonly<Record<string, unknown>> {
  if (result.ok) return { ok: true, ...valueForJson(result.value), slot: result.slot };
  return { ok: false, code: result.code, message: result.message, slot: result.slot };
}

function refusal(result: Extract<ExecResult, { readonly ok: false }>): CommandFailure {
  return new CommandFailure(EXIT.failed, `REFUSED: ${result.code}: ${result.message}`);
}
