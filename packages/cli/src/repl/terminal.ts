/**
 * The REPL at a terminal: prompt, history, completion, timing. Ctrl-C clears the line or gives up the command that
 * runs; Ctrl-D leaves. Lines that are typed or pasted while a command runs wait for their turn.
 */
import { createInterface, type Interface } from 'node:readline';
import { styleText } from 'node:util';
import type { CommandContext } from '../context.ts';
import { failureText } from '../failure.ts';
import { NIL_TEXT } from '../output/value.ts';
import type { Answer, Evaluator } from './evaluator.ts';
import { HISTORY_LINES, historyPath, loadHistory, saveHistory } from './history.ts';

const PROMPT = 'quorate> ';
/** Within a command of several lines. */
const MORE_PROMPT = '    ...> ';
const ERASE_LINE = '\r\u001b[K';
/** Lines pasted while a command runs; more are dropped, and that is said. */
const MAX_WAITING_LINES = 1000;

/** Returns when the person leaves or `signal` fires. */
export async function runTerminalRepl(
  context: CommandContext,
  evaluator: Evaluator,
  signal: AbortSignal,
): Promise<void> {
  const repl = new TerminalRepl(context, evaluator);
  const leave = (): void => repl.leave();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    await repl.ended;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

class TerminalRepl {
  readonly ended: Promise<void>;
  readonly #context: CommandContext;
  readonly #evaluator: Evaluator;
  readonly #lines: Interface;
  readonly #waiting: string[] = [];
  /** Of the command that runs; undefined while the prompt is shown. */
  #running: AbortController | undefined;
  #isClosed = false;
  #resolveEnded: () => void = () => undefined;

  constructor(context: CommandContext, evaluator: Evaluator) {
    this.#context = context;
    this.#evaluator = evaluator;
    const path = historyPath(context.env);
    let typed = loadHistory(path);
    this.#lines = createInterface({
      input: context.streams.stdin,
      output: context.streams.stdout,
      terminal: true,
      prompt: PROMPT,
      history: [...typed],
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string) => evaluator.completions(line),
    });
    this.#lines.on('history', (history: string[]) => {
      typed = [...history];
    });
    this.#lines.on('line', (line) => this.#onLine(line));
    this.#lines.on('SIGINT', () => this.#onInterrupt());
    context.redirectNotes((text) => this.#showAround(text));
    this.#lines.on('close', () => {
      this.#isClosed = true;
      context.redirectNotes(undefined);
      saveHistory(path, typed);
      // Ctrl-D behind a command that runs lets it end first, as in a shell.
      if (this.#running === undefined) this.#finish();
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    context.print(styleText('dim', 'Type help for help, exit or Ctrl-D to leave.\n'));
    this.#lines.prompt();
  }

  /** At once: what runs is given up. */
  leave(): void {
    this.#waiting.length = 0;
    this.#running?.abort();
    this.#lines.close();
  }

  #onLine(line: string): void {
    if (this.#running === undefined) void this.#run(line);
    else if (this.#waiting.length < MAX_WAITING_LINES) this.#waiting.push(line);
    else
      this.#showError(
        `OVERLOADED: more than ${MAX_WAITING_LINES} lines wait; this one is dropped (not executed)`,
      );
  }

  #onInterrupt(): void {
    this.#waiting.length = 0;
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    this.#evaluator.reset();
    this.#lines.setPrompt(PROMPT);
    // Ctrl-E, Ctrl-U: empties the line wherever the cursor stands.
    this.#lines.write(null, { ctrl: true, name: 'e' });
    this.#lines.write(null, { ctrl: true, name: 'u' });
    this.#context.print('^C\n');
    this.#lines.prompt();
  }

  /** Never rejects: everything that goes wrong is shown. */
  async #run(first: string): Promise<void> {
    for (let line: string | undefined = first; line !== undefined; line = this.#waiting.shift()) {
      this.#running = new AbortController();
      const startedAt = performance.now();
      try {
        this.#lines.setPrompt(PROMPT);
        const answer = await this.#evaluator.evaluate(line, this.#running.signal);
        if (answer.kind === 'more') this.#lines.setPrompt(MORE_PROMPT);
        this.#show(answer, performance.now() - startedAt);
        if (answer.kind === 'leave') {
          this.#lines.close();
          this.#resolveEnded();
          return;
        }
      } catch (error) {
        this.#showError(failureText(error));
      }
    }
    this.#running = undefined;
    if (this.#isClosed) this.#finish();
    else this.#lines.prompt(true);
  }

  #finish(): void {
    this.#context.print('\n');
    this.#resolveEnded();
  }

  #show(answer: Answer, tookMs: number): void {
    if (answer.kind === 'text') this.#print(answer.text);
    if (answer.kind !== 'result') return;
    const { result } = answer;
    const took = styleText('dim', `(${tookMs.toFixed(1)} ms)`);
    if (!result.ok) {
      this.#showError(`REFUSED: ${result.code}: ${result.message}`);
      return;
    }
    const shown = this.#evaluator.face.forTerminal(result.value);
    this.#print(`${shown === NIL_TEXT ? styleText('dim', shown) : shown}  ${took}\n`);
  }

  #showError(text: string): void {
    this.#print(`${styleText('red', text)}\n`);
  }

  /** News from elsewhere, while the prompt stands there. */
  #showAround(text: string): void {
    this.#print(`${ERASE_LINE}${text}\n`);
    if (this.#running === undefined) this.#lines.prompt(true);
  }

  /** What was typed ahead stands on the line already; it comes back with the next prompt. */
  #print(text: string): void {
    this.#context.print(
      this.#running !== undefined && this.#lines.line !== '' ? `${ERASE_LINE}${text}` : text,
    );
  }
}
