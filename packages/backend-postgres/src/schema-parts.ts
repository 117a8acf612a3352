/**
 * What the backend has to know of the user's schema while it applies: sequences, and tables without a guard. Read
 * anew after every change of the schema.
 */
import { guardTriggerSql } from './own-schema.ts';
import { quoteLiteral, type Session } from './session.ts';

/** Schemas that are not the user's. `n` is pg_namespace. */
export const USER_SCHEMA: string = `n.nspname <> 'quorate' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

/** What came with an extension is the extension's. `c` is pg_class. */
export const NOT_OF_EXTENSION: string = `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

export type SchemaParts = {
  /** Qualified and quoted, sorted. */
  readonly sequences: readonly string[];
  /** Tables that no guard trigger protects, quoted. */
  readonly unguarded: readonly string[];
};

const QUERY = `
SELECT 'sequence' AS kind, format('%I.%I', n.nspname, c.relname) COLLATE "C" AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${USER_SCHEMA} AND ${NOT_OF_EXTENSION}
UNION ALL
SELECT 'unguarded', format('%I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${USER_SCHEMA} AND ${NOT_OF_EXTENSION}
    AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'quorate_guard' AND t.tgenabled = 'A')
ORDER BY 1, 2`;

/** @throws SqlFailure */
export async function readSchemaParts(session: Session): Promise<SchemaParts> {
  const { rows } = await session.ask(QUERY);
  const named = (kind: string): string[] =>
    rows.filter(([found]) => found === kind).map(([, name]) => name ?? '');
  return { sequences: named('sequence'), unguarded: named('unguarded') };
}

/** Puts the guard on every table that lacks it. */
export async function guardTables(session: Session, { unguarded }: SchemaParts): Promise<void> {
  if (unguarded.length > 0) await session.run(unguarded.map(guardTriggerSql).join('\n'));
}

/** Names of the types that come with the server, by oid; equal on all servers of one version. */
export async function readTypeNames(session: Session): Promise<ReadonlyMap<number, string>> {
  const { rows } = await session.ask('SELECT oid, typname FROM pg_type WHERE oid < 16384');
  return new Map(rows.map(([oid, name]) => [Number(oid), name ?? '']));
}

/** Reads all sequences at once: name, last value, whether it was given out. Undefined without sequences. */
export function sequencesQuery({ sequences }: SchemaParts): string | undefined {
  if (sequences.length === 0) return undefined;
  return sequences
    .map((name) => `SELECT ${quoteLiteral(name)}, last_value, is_called FROM ${name}`)
    .join(' UNION ALL ');
}
