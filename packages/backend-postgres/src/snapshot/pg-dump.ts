/**
 * The schema as SQL, written by PostgreSQL's own `pg_dump`: nobody else knows every kind of object of every version.
 * The machine of the node needs the program, of the server's major version or a later one.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BackendUnavailable } from '@quorate/core/ports';

const run = promisify(execFile);

/** Debian and its kin keep every major version in a folder of its own, outside of PATH. */
const DEBIAN = '/usr/lib/postgresql';
/** Belongs to the server or its roles, not to the data. */
const LEFT_OUT = ['owner', 'privileges', 'publications', 'subscriptions', 'security-labels', 'tablespaces'];
const MAX_SCHEMA_BYTES = 256 * 1024 * 1024;

export type DumpOptions = {
  readonly program: string | undefined;
  readonly serverMajor: number;
  readonly url: string;
  /** Of `pg_export_snapshot`. */
  readonly snapshot: string;
  /** Names of the user's schemas. */
  readonly schemas: readonly string[];
  readonly signal: AbortSignal;
};

/** SQL to execute before the rows come, and after. @throws BackendUnavailable */
export async function dumpSchema(
  options: DumpOptions,
): Promise<{ readonly before: string; readonly after: string }> {
  const program = options.program ?? findProgram(options.serverMajor);
  const [before, after] = await Promise.all([
    dumpSection(program, options, 'pre-data'),
    dumpSection(program, options, 'post-data'),
  ]);
  return { before, after };
}

function findProgram(serverMajor: number): string {
  const majors = existsSync(DEBIAN)
    ? readdirSync(DEBIAN)
        .map(Number)
        .filter((major) => major >= serverMajor && existsSync(join(DEBIAN, String(major), 'bin', 'pg_dump')))
    : [];
  // The nearest version; without one, whatever PATH has, which says itself if it is too old.
  return majors.length === 0 ? 'pg_dump' : join(DEBIAN, String(Math.min(...majors)), 'bin', 'pg_dump');
}

async function dumpSection(program: string, options: DumpOptions, section: string): Promise<string> {
  const { url, snapshot, schemas, signal, serverMajor } = options;
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  // Command lines are for everybody on the machine to read.
  address.password = '';
  const words = [
    `--dbname=${address.href}`,
    `--snapshot=${snapshot}`,
    '--schema-only',
    `--section=${section}`,
    ...LEFT_OUT.map((what) => `--no-${what}`),
    '--extension=*',
    ...schemas.map((name) => `--schema="${name.replaceAll('"', '""')}"`),
  ];
  const env = { ...process.env, ...(password === '' ? {} : { PGPASSWORD: password }) };
  try {
    const { stdout } = await run(program, words, { env, signal, maxBuffer: MAX_SCHEMA_BYTES });
    return cleaned(stdout);
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
    const reason = code === 'ENOENT' ? 'there is no such program' : (stderr ?? '').trim() || String(code);
    throw new BackendUnavailable(
      `snapshots need the program pg_dump of PostgreSQL ${serverMajor} or later (${program}: ${reason}); ` +
        'install it, on Debian postgresql-client, or name it with backendOptions.pgDump',
      { cause: error },
    );
  }
}

/** Without what only psql understands, what a restore does by itself, and what only a superuser may say. */
function cleaned(text: string): string {
  const [, token] = /^\\restrict (\S+)$/m.exec(text) ?? [];
  return text
    .split('\n')
    .filter(
      (line) => token === undefined || (line !== `\\restrict ${token}` && line !== `\\unrestrict ${token}`),
    )
    .filter((line) => !/^(CREATE SCHEMA |COMMENT ON (SCHEMA|EXTENSION) |--)/.test(line))
    .join('\n');
}
