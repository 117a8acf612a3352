/**
 * Which backend a node's log was written for. Commands mean what their backend says, and nothing in them tells whose they
 * are: another one would stop at the first that it cannot read, or read it as something else. The name is written down in the
 * data directory at the first start, and later starts with another one end there.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { syncPath } from '../adapters/journal-common/files.ts';

const FILE = 'backend-name';

/** To be called while the journal is locked. @throws JOURNAL_FOREIGN for another backend, JOURNAL_IO */
export function claimForBackend(directory: string, name: string): void {
  const path = join(directory, FILE);
  try {
    const known = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    // Empty: the first start was cut short before anything was logged.
    if (known === '') {
      writeFileSync(path, `${name}\n`, { mode: 0o600, flush: true });
      syncPath(directory);
    } else if (known !== name) throw written(directory, path, known, name);
  } catch (cause) {
    if (cause instanceof QuorateError) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new QuorateError('JOURNAL_IO', `the name of the backend in ${path}: ${detail}`, { cause });
  }
}

function written(directory: string, path: string, known: string, name: string): QuorateError {
  return new QuorateError(
    'JOURNAL_FOREIGN',
    `the log in ${directory} was written for the backend ${known}, and this node has ${name}: choose ${known}, or give the node a dataDir of its own. If it is the same backend under a new name, write that into ${path}`,
  );
}
