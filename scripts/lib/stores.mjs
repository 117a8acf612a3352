// The database servers that the tests start for themselves: found on this machine, or installed when that is
// possible. Nothing is skipped when one is missing: its tests fail and say what to install, as this file does before.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { capture } from './prepare.mjs';

/** @type {Array<{ name: string, workspaces: string[], debianPackage: string, isThere: () => boolean }>} */
const STORES = [
  {
    name: 'Redis 7.0 or later',
    workspaces: ['backend-redis', 'chaos', 'cli'],
    debianPackage: 'redis-server',
    isThere: () => onPath('redis-server'),
  },
  {
    name: 'PostgreSQL 15 to 18',
    workspaces: ['backend-postgres', 'chaos', 'cli'],
    debianPackage: 'postgresql',
    isThere: () => onPath('initdb') || onDebian('/usr/lib/postgresql', 'initdb'),
  },
];

/**
 * Provides the servers for the tests of these workspaces. Debian may start a service with a package;
 * the tests do not use it, they start servers of their own.
 * @param {string[]} wanted short names of workspaces
 */
export async function provideStores(wanted) {
  const missing = STORES.filter(
    (store) => store.workspaces.some((name) => wanted.includes(name)) && !store.isThere(),
  );
  if (missing.length === 0) return;
  const packages = missing.map((store) => store.debianPackage);
  const names = missing.map((store) => store.name).join(' and ');
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    process.stderr.write(`quorate: installing ${packages.join(' ')}\n`);
    const output = await install(packages);
    if (missing.every((store) => store.isThere())) return;
    process.stderr.write(output);
  }
  process.stderr.write(
    `quorate: the tests need ${names}, and it is not on this machine; run: sudo apt-get install -y ${packages.join(' ')}\n`,
  );
}

async function install(packages) {
  const environment = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']; // Runlevel 1: no service is started.
  const arguments_ = ['install', '-y', '--no-install-recommends', ...packages];
  const first = await capture('env', [...environment, 'apt-get', ...arguments_]);
  if (first.status === 0) return first.output;
  // A machine that never asked for the lists of packages knows none.
  const update = await capture('env', [...environment, 'apt-get', 'update']);
  const second = await capture('env', [...environment, 'apt-get', ...arguments_]);
  return update.output + second.output;
}

function onPath(program) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return directories.some((directory) => directory !== '' && existsSync(join(directory, program)));
}

/** Debian keeps every major version in a folder of its own. */
function onDebian(directory, program) {
  return (
    existsSync(directory) &&
    readdirSync(directory).some((version) => existsSync(join(directory, version, 'bin', program)))
  );
}
