/**
 * Hashes of the whole logical state, independent of the order in which it came about: of every table's rows as a sum
 * over the hashes of single rows, of sequences, and of the schema as the server describes it.
 *
 * Hashes are PostgreSQL's own 64-bit ones with two seeds; equal on machines of the same byte order. They find
 * divergence, they do not stand up to an attacker.
 */
import { createHash } from 'node:crypto';
import { USER_SCHEMA } from './schema-parts.ts';
import { quoteLiteral, type Session, type Value } from './session.ts';

/** One line for each thing that has a definition: kind, name, definition. */
const SCHEMA = `
WITH n AS (SELECT oid, nspname FROM pg_namespace n WHERE ${USER_SCHEMA}),
things AS (
  SELECT 'schema' AS kind, nspname::text AS name, '' AS definition FROM n
  UNION ALL
  SELECT 'column', format('%I.%I.%I', nspname, relname, attname),
    concat_ws(' ', c.relkind, c.relpersistence, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
      attcollation::regcollation, pg_get_expr(adbin, adrelid),
      (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = a.attrelid AND b.attnum > 0 AND b.attnum <= a.attnum AND NOT b.attisdropped))
    FROM n JOIN pg_class c ON relnamespace = n.oid AND relkind IN ('r', 'p', 'v', 'm', 'c', 'f')
    JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  UNION ALL
  SELECT 'view', format('%I.%I', nspname, relname), pg_get_viewdef(c.oid)
    FROM n JOIN pg_class c ON relnamespace = n.oid WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT 'index', format('%I.%I', nspname, relname), pg_get_indexdef(c.oid)
    FROM n JOIN pg_class c ON relnamespace = n.oid WHERE relkind IN ('i', 'I')
  UNION ALL
  SELECT 'constraint', format('%I.%I %s %s', nspname, conname, conrelid::regclass, contypid::regtype), pg_get_constraintdef(k.oid)
    FROM n JOIN pg_constraint k ON connamespace = n.oid
  UNION ALL
  SELECT 'trigger', format('%I.%I %I', nspname, relname, tgname), concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid))
    FROM n JOIN pg_class c ON relnamespace = n.oid JOIN pg_trigger t ON tgrelid = c.oid AND NOT tgisinternal
  UNION ALL
  SELECT 'rule', format('%I.%I %I', nspname, relname, rulename), pg_get_ruledef(r.oid)
    FROM n JOIN pg_class c ON relnamespace = n.oid JOIN pg_rewrite r ON ev_class = c.oid WHERE relkind IN ('r', 'p')
  UNION ALL
  SELECT 'function', format('%s', p.oid::regprocedure), CASE prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
    FROM n JOIN pg_proc p ON pronamespace = n.oid
  UNION ALL
  SELECT 'enum', format('%I.%I', nspname, typname), string_agg(quote_literal(enumlabel), ',' ORDER BY enumsortorder)
    FROM n JOIN pg_type t ON typnamespace = n.oid JOIN pg_enum ON enumtypid = t.oid GROUP BY 2
  UNION ALL
  SELECT 'type', format('%I.%I', nspname, typname), concat_ws(' ', typtype, format_type(typbasetype, typtypmod), typnotnull, typdefault)
    FROM n JOIN pg_type t ON typnamespace = n.oid WHERE typtype IN ('d', 'r')
  UNION ALL
  SELECT 'sequence', format('%I.%I', schemaname, sequencename), concat_ws(' ', data_type, start_value, min_value, max_value, increment_by, cycle, cache_size)
    FROM n JOIN pg_sequences ON schemaname = nspname
  UNION ALL
  SELECT 'comment', pg_describe_object(classoid, objoid, objsubid), description
    FROM pg_description JOIN pg_class c ON classoid = 'pg_class'::regclass AND objoid = c.oid JOIN n ON relnamespace = n.oid
  UNION ALL
  SELECT 'partition', format('%I.%I', nspname, relname), concat_ws(' ', pg_get_partkeydef(c.oid), pg_get_expr(relpartbound, c.oid), inhparent::regclass)
    FROM n JOIN pg_class c ON relnamespace = n.oid LEFT JOIN pg_inherits ON inhrelid = c.oid
    WHERE relkind = 'p' OR inhparent IS NOT NULL
)
SELECT kind, name, definition FROM things ORDER BY kind COLLATE "C", name COLLATE "C", definition COLLATE "C"`;

const CONTENTS = `
SELECT c.relkind::text, format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't' AND ${USER_SCHEMA} ORDER BY format('%I.%I', n.nspname, c.relname) COLLATE "C"`;

/** Digests by name: `schema`, and every table, materialised view and sequence. 32 hexadecimal digits each. */
export type StateDigest = ReadonlyMap<string, string>;

/** As one transaction sees the state, which the caller has begun. @throws SqlFailure */
export async function digestParts(session: Session): Promise<StateDigest> {
  const digests = new Map<string, string>();
  digests.set('schema', hashOf((await session.ask(SCHEMA)).rows.map(normalized)));
  const contents = (await session.ask(CONTENTS)).rows;
  for (const [kind, name] of contents) {
    if (name === null || name === undefined) continue;
    digests.set(name, hashOf((await session.ask(kind === 'S' ? sequenceSql(name) : tableSql(name))).rows));
  }
  return digests;
}

/** One digest of the parts. */
export function digestOf(parts: StateDigest): string {
  return hashOf([...parts].sort(([left], [right]) => (left < right ? -1 : 1))).slice(0, 32);
}

/** Definitions that PostgreSQL prints from a parsed expression. */
const PARSED = new Set(['column', 'constraint', 'index', 'view', 'rule', 'partition', 'trigger', 'type']);

/**
 * An expression that is printed, parsed and printed again, as a restore does it, may gain or lose casts and parentheses
 * without any other meaning: `varchar IN (...)` does. So these do not count.
 */
function normalized([kind = '', name = '', definition = '']: readonly Value[]): readonly Value[] {
  if (!PARSED.has(kind ?? '')) return [kind, name, definition];
  const text = (definition ?? '').replace(/::[a-z "]+(\([\d,]+\))?(\[\])*/g, '').replace(/[()\s]+/g, '');
  return [kind, name, text];
}

function tableSql(name: string): string {
  return (
    `SELECT ${quoteLiteral(name)}, count(*), sum(hashtextextended(t::text, 0)::numeric), sum(hashtextextended(t::text, 1)::numeric) ` +
    `FROM ONLY ${name} AS t`
  );
}

function sequenceSql(name: string): string {
  return `SELECT ${quoteLiteral(name)}, last_value, is_called FROM ${name}`;
}

function hashOf(rows: readonly (readonly Value[])[]): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
  return hash.digest('hex').slice(0, 32);
}
