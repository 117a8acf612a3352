/** What would become of a command, in one line for people. */
import type { CommandInput } from '@quorate/wire';
import type { Catalog } from './catalog.ts';
import { planCommand, type StatementPlan } from './prepare.ts';
import { parseCommand } from './read-input.ts';
import { Refusal } from './refusal.ts';

/** Without a catalog, before the first connection, only what the text alone tells. */
export function explainCommand(input: CommandInput, catalog?: Catalog): string {
  const parsed = parseCommand(input, catalog?.writingFunctions);
  if (!parsed.ok) return `refused: ${oneLine(parsed.error)}`;
  const { command } = parsed;
  if (parsed.access === 'read') return 'read: answered by this replica at the current state, not logged';
  if (catalog === undefined) return 'write: examined when it is executed; the catalog is not known yet';
  try {
    const plans = planCommand(command, catalog);
    const texts = plans.map((plan) => describe(plan));
    return `${command.isDdl === true ? 'schema change' : 'write'}, logged as: ${texts.join('; ')}`;
  } catch (error) {
    if (error instanceof Refusal) return `refused: ${oneLine(error.message)}`;
    throw error;
  }
}

function describe({ sql, edits, needsTime, needsSeed }: StatementPlan): string {
  const notes = [
    ...edits.map(({ what, type }) => (what === 'time' ? `the time as ${type}` : `one random ${what}`)),
    ...(needsTime ? ['the time for quorate.now()'] : []),
    ...(needsSeed ? ['a seed for random values'] : []),
  ];
  return `${oneLine(sql)}${notes.length === 0 ? '' : ` (frozen: ${notes.join(', ')})`}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
