/** `postgres init`: sets a PostgreSQL server up so that nobody but its node writes to the database. */
import { randomBytes } from 'node:crypto';
import { QuorateError } from '@quorate/wire';
import type { CommandContext } from '../context.ts';

export type PostgresInitOptions = { readonly name: string };

/** What `@quorate/backend-postgres` gives; it is loaded only for this. */
type Initializer = (options: {
  readonly adminUrl: string;
  readonly name: string;
  readonly password: string;
}) => Promise<{ readonly url: string; readonly steps: readonly string[] }>;

const PACKAGE = '@quorate/backend-postgres';
/** The password comes from the environment, because command lines are for everybody on the machine to read. */
const PASSWORD_VARIABLE = 'QUORATE_POSTGRES_PASSWORD';

export async function runPostgresInit(
  context: CommandContext,
  adminUrl: string,
  { name }: PostgresInitOptions,
): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(name))
    throw new QuorateError('ARGUMENT', `--name: takes small letters, digits and _, not ${name}`);
  const given = process.env[PASSWORD_VARIABLE];
  const password = given ?? randomBytes(18).toString('base64url');
  const { initServer } = (await import(PACKAGE)) as { readonly initServer: Initializer };
  const { url, steps } = await initServer({ adminUrl, name, password }).catch((error: Error) => {
    if (error.name !== 'BackendUnavailable') throw error;
    throw new QuorateError('BACKEND_UNAVAILABLE', error.message, { cause: error });
  });
  const shown = new URL(url);
  if (given !== undefined) shown.password = '';
  if (context.format === 'json') return context.printJson({ url: shown.href, steps });
  for (const step of steps) context.note(step);
  context.note(
    given === undefined
      ? 'the node connects with this URL; its password was made now and is shown once:'
      : `the node connects with this URL and the password of ${PASSWORD_VARIABLE}:`,
  );
  context.print(`${shown.href}\n`);
}
