/**
 * Where the programs of a PostgreSQL server are on this machine. PostgreSQL refuses to run as root, so a process of
 * root starts them as another user.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isProgram } from '@quorate/core/testing';

/** Debian and its kin keep every major version in a folder of its own, outside of PATH. */
const DEBIAN = '/usr/lib/postgresql';
/** Users that a machine with PostgreSQL, or any machine, has. */
const USERS = ['postgres', 'nobody'];

export const HOW_TO_INSTALL: string =
  'install PostgreSQL 15 to 18: `apt-get install -y postgresql` on Debian and Ubuntu (the service it may start is not needed)';

/** The folder that holds `initdb` and `postgres`. @throws Error that says what to install */
export function findServerPrograms(): string {
  const debian = existsSync(DEBIAN)
    ? readdirSync(DEBIAN)
        .filter((name) => /^\d+$/.test(name))
        .sort((left, right) => Number(right) - Number(left))
        .map((name) => join(DEBIAN, name, 'bin'))
    : [];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const found = [...debian, ...onPath].find(
    (directory) => isProgram(join(directory, 'initdb')) && isProgram(join(directory, 'postgres')),
  );
  if (found === undefined)
    throw new Error(`no PostgreSQL server programs in ${DEBIAN} or on PATH; ${HOW_TO_INSTALL}`);
  return found;
}

/** Whom the server runs as: undefined means as this process. */
export type Account = { readonly uid: number; readonly gid: number };

export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const user of USERS) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${user}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user ${USERS.join(' or ')} to run it as`);
}
