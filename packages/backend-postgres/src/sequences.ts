/**
 * Sequences as part of the replicated state.
 *
 * PostgreSQL does not roll sequences back, and after a crash it may find them up to 32 values further on. So the truth
 * stands in the table `quorate.sequences`, written in the transaction of the batch that moved them; whatever attempt
 * failed in between, the sequences are set back to it before the next batch.
 */

import { arrayOf } from './own-schema.ts';
import { type SchemaParts, sequencesQuery } from './schema-parts.ts';
import type { Reply, Session, Value } from './session.ts';

/** By name: `last_value` and `is_called` as one text. */
export type SequenceStates = ReadonlyMap<string, string>;

export const NO_SEQUENCES: SequenceStates = new Map();

export function statesOf({ rows }: Reply): SequenceStates {
  return new Map(rows.map(([name, last, called]) => [name ?? '', `${last} ${called}`]));
}

/**
 * Sets every sequence to what the table says; the caller holds the lock on the mark.
 * @returns the states as stored
 */
export async function restoreSequences(session: Session, parts: SchemaParts): Promise<SequenceStates> {
  const query = sequencesQuery(parts);
  const stored = statesOf(await session.ask('SELECT name, last_value, is_called FROM quorate.sequences'));
  if (query === undefined) return stored;
  const actual = statesOf(await session.ask(query));
  const moved = [...stored].filter(([name, state]) => actual.has(name) && actual.get(name) !== state);
  if (moved.length > 0)
    await session.ask(
      'SELECT setval(s.name::regclass, s.last_value, s.is_called) FROM quorate.sequences s WHERE s.name = ANY ($1::text[])',
      [arrayOf(moved.map(([name]) => name))],
    );
  return stored;
}

export const UPSERT_SEQUENCES: string =
  'INSERT INTO quorate.sequences SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[]) ' +
  'ON CONFLICT (name) DO UPDATE SET last_value = EXCLUDED.last_value, is_called = EXCLUDED.is_called';
export const KEEP_SEQUENCES: string = 'DELETE FROM quorate.sequences WHERE name <> ALL ($1::text[])';

/** Parameters that store what differs from `before`; undefined when nothing does. */
export function movedParams(before: SequenceStates, after: SequenceStates): Value[] | undefined {
  const moved = [...after].filter(([name, state]) => before.get(name) !== state);
  if (moved.length === 0) return undefined;
  const parts = moved.map(([, state]) => state.split(' '));
  return [
    arrayOf(moved.map(([name]) => name)),
    arrayOf(parts.map(([last]) => last ?? '')),
    arrayOf(parts.map(([, called]) => called ?? '')),
  ];
}
