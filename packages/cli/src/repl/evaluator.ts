/**
 * What one line of the REPL means, the same whether a person types it or a pipe brings it.
 *
 * A few words are the REPL's own; every other line goes to the backend as it is, for only the backend knows its
 * quotes and its grammar. Leaves to others: reading lines and showing answers (`piped.ts`, `terminal.ts`).
 */
import type { ExecResult, QuorateClient } from '@quorate/client';
import { renderReport, reportOn } from '../status/report.ts';

export type Answer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'leave' }
  /** Ends with a line end. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'result'; readonly result: ExecResult };

/** For completion; the backend's words of the KV backend are among them because most clusters run it. */
export const REPL_WORDS: readonly string[] = [
  'get ',
  'set ',
  'del ',
  'stale ',
  'status',
  'help',
  'exit',
  'quit',
];

const STATUS_TIMEOUT_MS = 1000;

const HELP = `Commands go to the backend as they are. With the kv backend:
  get KEY            print the value of a key, (nil) if it has none
  set KEY VALUE      store a value and print it
  del KEY            delete a key and print its old value
  Values with spaces go in quotes: "two words", "line\\nbreak", "\\x00\\xff", 'as it "stands"'
Words of this REPL:
  stale COMMAND      a read that any node answers with what it has
  status             how every node is
  help               this text
  exit, quit         leave; so does Ctrl-D
Ctrl-C clears the line, or gives up waiting for the command that runs.
`;

export class Evaluator {
  readonly #client: QuorateClient;
  readonly #endpoints: readonly string[];

  constructor(client: QuorateClient, endpoints: readonly string[]) {
    this.#client = client;
    this.#endpoints = endpoints;
  }

  /** @throws QuorateError */
  async evaluate(line: string, signal: AbortSignal): Promise<Answer> {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return { kind: 'nothing' };
    switch (text.toLowerCase()) {
      case 'exit':
      case 'quit':
        return { kind: 'leave' };
      case 'help':
      case '?':
        return { kind: 'text', text: HELP };
      case 'status':
        return {
          kind: 'text',
          text: renderReport(await reportOn(this.#endpoints, STATUS_TIMEOUT_MS), 'plain'),
        };
      default: {
        const stale = /^stale\s+/i.exec(text);
        if (stale === null) return { kind: 'result', result: await this.#client.exec(text, { signal }) };
        const result = await this.#client.exec(text.slice(stale[0].length), { signal, consistency: 'stale' });
        return { kind: 'result', result };
      }
    }
  }
}
