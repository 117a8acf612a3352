/** Looks at a server before it is used: can replicas on such servers be equal, and may this one write? */
import { BackendDiverged, BackendUnavailable, cutText, MAX_FACT_CHARACTERS } from '@quorate/core/ports';
import { arrayOf } from './own-schema.ts';
import { USER_SCHEMA } from './schema-parts.ts';
import { type Session, troubleOf } from './session.ts';
import { KNOWN_EXTENSIONS } from './sql/examine-call.ts';

const OLDEST = 15;
const NEWEST = 18;

export type ServerFacts = {
  /** Of the server, for instance 15. */
  readonly major: number;
  /** The server flushes when told to. */
  readonly flushes: boolean;
  /** What must be equal on all nodes; see `Backend.compatibility`. */
  readonly compatibility: Readonly<Record<string, string>>;
};

/**
 * Server-wide settings and properties that results or limits depend on and that a session cannot pin; also what lets a
 * statement succeed on one server and be refused by another: rights, and the files of extensions.
 */
const FACTS = `
SELECT 'postgres', (current_setting('server_version_num')::int / 10000)::text
UNION ALL SELECT 'encoding', pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()
UNION ALL SELECT 'collation', concat_ws(' ', datlocprovider, datcollate, datctype, coalesce(datcollversion, pg_database_collation_actual_version(oid)))
  FROM pg_database WHERE datname = current_database()
UNION ALL SELECT 'embedded', split_part(version(), ' on ', 1) WHERE version() LIKE '%PGlite%'
UNION ALL SELECT left('extension ' || extname, 200), extversion FROM (SELECT * FROM pg_extension ORDER BY extname COLLATE "C" LIMIT 16) AS installed
UNION ALL SELECT 'extensions that can be created', string_agg(concat_ws(' ', name, default_version), ', ' ORDER BY name COLLATE "C")
  FROM pg_available_extensions WHERE name = ANY ($1::text[])
UNION ALL SELECT 'rights of the user', CASE WHEN rolsuper THEN 'superuser'
    WHEN has_database_privilege(current_database(), 'CREATE') THEN 'may create' ELSE 'may not create' END
  FROM pg_roles WHERE rolname = current_user
UNION ALL SELECT name, setting FROM pg_settings
  WHERE name IN ('lc_messages', 'integer_datetimes', 'block_size', 'max_identifier_length', 'max_function_args', 'max_index_keys', 'max_stack_depth')`;

const STATE = `
SELECT current_setting('server_version_num')::int / 10000, pg_is_in_recovery(), current_setting('fsync'),
  current_setting('session_replication_role'), current_setting('full_page_writes')`;

/** @throws BackendUnavailable, BackendDiverged */
export async function checkServer(session: Session): Promise<ServerFacts> {
  const [state] = (await session.ask(STATE)).rows;
  const [version, standby, fsync, role, pages] = state ?? [];
  const major = Number(version);
  if (major < OLDEST || major > NEWEST)
    throw new BackendUnavailable(
      `the server is PostgreSQL ${major}; this backend knows ${OLDEST} to ${NEWEST}`,
    );
  if (standby === 't')
    throw new BackendUnavailable(
      'the server is a standby; each node needs a server of its own that accepts writes',
    );
  if (role !== 'origin')
    throw new BackendUnavailable(
      `session_replication_role is ${role}; it must be origin, or triggers do not run`,
    );
  const compatibility: Record<string, string> = {};
  for (const [name, value] of (await session.ask(FACTS, [arrayOf([...KNOWN_EXTENSIONS])])).rows)
    compatibility[name ?? ''] = cutText(value ?? '', MAX_FACT_CHARACTERS);
  if (compatibility['encoding'] !== 'UTF8')
    throw new BackendUnavailable(
      `the database has encoding ${compatibility['encoding']}; create it with ENCODING 'UTF8'`,
    );
  return { major, flushes: fsync === 'on' && pages === 'on', compatibility };
}

/** The database of a new replica is empty: what is in it already, the other replicas do not have. */
export async function checkEmpty(session: Session): Promise<void> {
  const { rows } = await session.ask(
    `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE ${USER_SCHEMA} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') LIMIT 1`,
  );
  const found = rows[0]?.[0];
  if (found !== undefined)
    throw new BackendDiverged(
      `the database holds ${found} and no mark of Quorate; give this node an empty database, and load the data through the cluster`,
    );
}

/** For one database one node: a second one would wait here and give up. Held until the session ends. */
export async function claimDatabase(session: Session): Promise<void> {
  try {
    await session.ask(`SELECT pg_advisory_lock(hashtext('quorate'))`);
  } catch (error) {
    const trouble = troubleOf(error, 'cannot claim the database');
    if ((error as { readonly state?: unknown }).state !== '55P03') throw trouble;
    throw new BackendUnavailable(
      'another session of Quorate holds this database: each node needs a database of its own',
      { cause: error },
    );
  }
}
