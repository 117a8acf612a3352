/**
 * Sets a server up so that nobody but the node writes to its database: a role for the node that owns the database, a
 * role that only reads, nobody else lets in, and a trigger that refuses changes of the schema by others. Superusers
 * remain who they are; the triggers stop them from writing by mistake, not on purpose.
 */
import { BackendUnavailable } from '@quorate/core/ports';
import { quoteLiteral, quoteName, Session, troubleOf } from './session.ts';
import { MAY_WRITE } from './settings.ts';

export type InitOptions = {
  /** Of a superuser, or of a role that may create roles and databases; to any database of the server. */
  readonly adminUrl: string;
  /** Both are called so: the database, and the role that owns it. */
  readonly name: string;
  /** Of the role, set anew at every call. */
  readonly password: string;
};

export type InitReport = {
  /** For `backendOptions`, password included. */
  readonly url: string;
  /** What was done, a line each. */
  readonly steps: readonly string[];
};

const GUARD_SCHEMA = `
CREATE OR REPLACE FUNCTION quorate.guard_schema() RETURNS event_trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF current_setting('quorate.applier', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION 'this database is replicated by Quorate: % here would be on this server only', TG_TAG
      USING ERRCODE = 'insufficient_privilege', HINT = 'Give the statement to the cluster: npx quorate exec, the REPL, or a client.';
  END IF;
END $guard$;
DROP EVENT TRIGGER IF EXISTS quorate_guard_schema;
CREATE EVENT TRIGGER quorate_guard_schema ON ddl_command_start EXECUTE FUNCTION quorate.guard_schema();
ALTER EVENT TRIGGER quorate_guard_schema ENABLE ALWAYS;`;

/** May be called again: what is there is brought into shape, data stay. @throws BackendUnavailable */
export async function initServer({ adminUrl, name, password }: InitOptions): Promise<InitReport> {
  const steps: string[] = [];
  const step = async (session: Session, what: string, sql: string): Promise<void> => {
    try {
      await session.run(sql);
    } catch (error) {
      throw new BackendUnavailable(`${what}: ${troubleOf(error, 'refused').message}`, { cause: error });
    }
    steps.push(what);
  };
  const [role, reader] = [quoteName(name), quoteName(`${name}_reader`)];
  await within(adminUrl, async (admin) => {
    await step(
      admin,
      `role ${name}, which the node uses`,
      makeRole(name, `LOGIN PASSWORD ${quoteLiteral(password)}`),
    );
    await step(
      admin,
      `role ${name}_reader, for people who read on this server`,
      makeRole(`${name}_reader`, 'NOLOGIN'),
    );
    const { rows } = await admin.ask('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rows.length === 0)
      await step(
        admin,
        `database ${name}, encoding UTF8, locale C`,
        `CREATE DATABASE ${role} OWNER ${role} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0`,
      );
    await step(
      admin,
      'nobody else may connect',
      `BEGIN; ALTER DATABASE ${role} OWNER TO ${role}; REVOKE ALL ON DATABASE ${role} FROM PUBLIC;
       GRANT CONNECT ON DATABASE ${role} TO ${reader}; GRANT pg_read_all_data TO ${reader}; COMMIT`,
    );
  });
  const inside = new URL(adminUrl);
  inside.pathname = `/${encodeURIComponent(name)}`;
  await within(inside.href, async (admin) => {
    await step(
      admin,
      'schemas public and quorate belong to the node',
      `BEGIN; CREATE SCHEMA IF NOT EXISTS public; ALTER SCHEMA public OWNER TO ${role}; REVOKE ALL ON SCHEMA public FROM PUBLIC;
       CREATE SCHEMA IF NOT EXISTS quorate; ALTER SCHEMA quorate OWNER TO ${role}; COMMIT`,
    );
    const [superuser] = (await admin.ask('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).rows;
    if (superuser?.[0] === 't') {
      await step(
        admin,
        'messages in English, as results hold them',
        `ALTER ROLE ${role} SET lc_messages TO 'C'`,
      );
      await step(admin, 'changes of the schema by others are refused', `BEGIN; ${GUARD_SCHEMA} COMMIT`);
    } else steps.push('NOT done, needs a superuser: changes of the schema by others are refused');
  });
  const url = new URL(inside.href);
  url.username = encodeURIComponent(name);
  url.password = encodeURIComponent(password);
  return { url: url.href, steps };
}

function makeRole(name: string, properties: string): string {
  return `DO $make$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(name)}) THEN CREATE ROLE ${quoteName(name)}; END IF;
  END $make$;
  ALTER ROLE ${quoteName(name)} NOSUPERUSER NOCREATEDB NOCREATEROLE ${properties}`;
}

async function within(url: string, work: (session: Session) => Promise<void>): Promise<void> {
  const { signal } = new AbortController();
  const session = await Session.connect({
    link: { url },
    purpose: 'init',
    connectTimeoutMs: 10_000,
    signal,
    settings: MAY_WRITE,
  });
  try {
    await work(session);
  } finally {
    await session.close();
  }
}
