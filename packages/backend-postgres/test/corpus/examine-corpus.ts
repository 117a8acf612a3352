/** The verdict of the firewall on each case of the corpus, beside the one expected. */
import { CommandRefused } from '@quorate/core/ports';
import { type CommandInput, encodeArguments, encodeUtf8 } from '@quorate/wire';
import {
  type Catalog,
  explainCommand,
  parseCommand,
  prepareCommand,
  type SqlCommand,
} from '#src/sql/index.ts';
import { context } from './corpus-database.ts';
import type { Case, Verdict } from './read-corpus.ts';

export type Examined = {
  readonly verdict: Verdict;
  /** What `explain` says. */
  readonly explanation: string;
  /** What would stand in the log. */
  readonly prepared?: SqlCommand;
};

export function inputOf({ sql, params }: Case): CommandInput {
  if (params.length === 0) return { form: 'text', text: sql };
  return {
    form: 'arguments',
    bytes: encodeArguments([sql, ...params.map((each) => each ?? '')].map(encodeUtf8)),
  };
}

export function examineCase(each: Case, catalog: Catalog, nowMs: number): Examined {
  const explanation = explainCommand(inputOf(each), catalog);
  const parsed = parseCommand(inputOf(each), catalog.writingFunctions);
  if (!parsed.ok) return { verdict: 'refused', explanation };
  if (parsed.access === 'read') return { verdict: 'read', explanation };
  try {
    const prepared = prepareCommand(parsed.command, catalog, context(nowMs));
    const isChanged =
      prepared.pins !== undefined ||
      prepared.statements.some(({ sql }, index) => sql !== parsed.command.statements[index]?.sql);
    return { verdict: isChanged ? 'frozen' : 'write', explanation, prepared };
  } catch (error) {
    if (!(error instanceof CommandRefused)) throw error;
    return { verdict: 'refused', explanation };
  }
}

export function isAsExpected(each: Case, { verdict, explanation }: Examined): boolean {
  return verdict === each.verdict && explanation.toLowerCase().includes(each.because.toLowerCase());
}
