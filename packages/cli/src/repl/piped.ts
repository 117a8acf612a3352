/**
 * The REPL when nobody is at the keyboard: lines from a pipe or a file in order, no prompt, values as they are, and
 * an end at the first failure, whose class is the exit code. Blank lines and lines that begin with # are skipped.
 */
import { type ExecResult, RefusedError } from '@quorate/client';
import type { CommandContext } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { failureText } from '../failure.ts';
import { readLines } from '../input/read-lines.ts';
import { valueForJson } from '../output/value.ts';
import type { Evaluator } from './evaluator.ts';
import type { ReplFace } from './faces/index.ts';

/** The exit code. `signal` ends it between two lines, and gives up the command that runs. */
export async function runPipedRepl(
  context: CommandContext,
  evaluator: Pick<Evaluator, 'evaluate' | 'finish' | 'face'>,
  signal: AbortSignal,
): Promise<number> {
  let number = 0;
  try {
    for await (const line of readLines(context.streams.stdin)) {
      number += 1;
      signal.throwIfAborted();
      const answer = await evaluator.evaluate(line, signal);
      if (answer.kind === 'leave') return 0;
      if (answer.kind === 'text') context.print(answer.text);
      if (answer.kind === 'result') printResult(context, evaluator.face, answer.result);
    }
    const last = await evaluator.finish(signal);
    if (last.kind === 'result') printResult(context, evaluator.face, last.result);
    return 0;
  } catch (error) {
    if (signal.aborted) return exitCodeOf(signal.reason);
    context.note(`quorate: line ${number}: ${failureText(error)}`);
    return exitCodeOf(error);
  }
}

function printResult(context: CommandContext, face: ReplFace, result: ExecResult): void {
  if (context.format === 'json') context.printJson(jsonOf(result));
  if (!result.ok) throw new RefusedError(result.code, result.message, result.slot);
  if (context.format === 'json') return;
  context.print(face.forPipe(result.value));
  context.print('\n');
}

function jsonOf(result: ExecResult): Readonly<Record<string, unknown>> {
  if (result.ok) return { ok: true, ...valueForJson(result.value), slot: result.slot };
  return { ok: false, code: result.code, message: result.message, slot: result.slot };
}
