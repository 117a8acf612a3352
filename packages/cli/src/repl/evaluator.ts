/**
 * What one line of the REPL means, the same whether a person types it or a pipe brings it.
 *
 * A few words are the REPL's own; everything else goes to the backend as it is, for only the backend knows its quotes
 * and its grammar. A command may go over several lines where the backend's face says so. Leaves to others: reading
 * lines and showing answers (`piped.ts`, `terminal.ts`).
 */
import type { ExecResult, QuorateClient } from '@quorate/client';
import { renderReport, reportOn } from '../status/report.ts';
import { PLAIN_FACE, type ReplFace } from './faces/index.ts';

export type Answer =
  | { readonly kind: 'nothing' }
  /** The command goes on in the next line. */
  | { readonly kind: 'more' }
  | { readonly kind: 'leave' }
  /** Ends with a line end. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'result'; readonly result: ExecResult };

const OWN_WORDS: readonly string[] = ['stale ', 'status', 'help', 'exit', 'quit'];

const STATUS_TIMEOUT_MS = 1000;
/** A command that is never ended must not grow for ever; what the nodes take is less. */
const MAX_COMMAND_CHARACTERS = 16 * 1024 * 1024;

const OWN_HELP = `Words of this REPL:
  stale COMMAND      a read that any node answers with what it has
  status             how every node is
  help               this text
  exit, quit         leave; so does Ctrl-D
Ctrl-C clears the line, or gives up waiting for the command that runs.
`;

export class Evaluator {
  readonly #client: QuorateClient;
  readonly #endpoints: readonly string[];

  readonly face: ReplFace;
  /** Lines of a command that is not at its end. */
  #begun = '';

  constructor(client: QuorateClient, endpoints: readonly string[], face: ReplFace = PLAIN_FACE) {
    this.#client = client;
    this.#endpoints = endpoints;
    this.face = face;
  }

  /** What Tab offers for the last word of a line. */
  completions(line: string): readonly [words: readonly string[], of: string] {
    const [, word = ''] = /(\S*)$/.exec(line) ?? [];
    const isFirst = word === line && this.#begun === '';
    const words = isFirst
      ? [...this.face.words, ...OWN_WORDS]
      : this.face === PLAIN_FACE
        ? []
        : this.face.words;
    const asTyped = words.filter((each) => each.startsWith(word));
    const found = asTyped.length > 0 ? asTyped : words.filter((each) => each.startsWith(word.toLowerCase()));
    return [found, word];
  }

  /** Forgets the lines of a command that is not at its end. */
  reset(): void {
    this.#begun = '';
  }

  /** @throws QuorateError */
  async evaluate(line: string, signal: AbortSignal): Promise<Answer> {
    if (this.#begun !== '') return this.#goOn(`${this.#begun}\n${line}`, signal);
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return { kind: 'nothing' };
    switch (text.toLowerCase()) {
      case 'exit':
      case 'quit':
        return { kind: 'leave' };
      case 'help':
      case '?':
        return { kind: 'text', text: `${this.face.help}${OWN_HELP}` };
      case 'status':
        return {
          kind: 'text',
          text: renderReport(await reportOn(this.#endpoints, STATUS_TIMEOUT_MS), 'plain'),
        };
      default:
        return this.#goOn(text, signal);
    }
  }

  /** The input is at its end: a command that is not goes to the backend as it is. */
  async finish(signal: AbortSignal): Promise<Answer> {
    const text = this.#begun;
    this.#begun = '';
    return text === '' ? { kind: 'nothing' } : this.#execute(text, signal);
  }

  async #goOn(text: string, signal: AbortSignal): Promise<Answer> {
    if (!this.face.isComplete(text) && text.length <= MAX_COMMAND_CHARACTERS) {
      this.#begun = text;
      return { kind: 'more' };
    }
    this.#begun = '';
    return this.#execute(text, signal);
  }

  async #execute(text: string, signal: AbortSignal): Promise<Answer> {
    const stale = /^stale\s+/i.exec(text);
    if (stale === null) return { kind: 'result', result: await this.#client.exec(text, { signal }) };
    const result = await this.#client.exec(text.slice(stale[0].length), { signal, consistency: 'stale' });
    return { kind: 'result', result };
  }
}
