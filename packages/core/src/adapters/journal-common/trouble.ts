/**
 * The one place where errors of SQLite, the file system and the module loader become errors of the journal.
 * Each message is one sentence that says what is wrong, in which directory or file, and what can be done.
 */
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { describeNoDescriptors } from './descriptors.ts';

/** What an operator can do about a damaged journal today. */
const RESTORE =
  'this node must not vote with it: keep the directory, leave the node stopped and let the others go on; with an empty directory or an older copy they would refuse it';

export function corrupt(
  path: string,
  what: string,
  details: Readonly<Record<string, string | number>> = {},
): QuorateError {
  return new QuorateError('JOURNAL_CORRUPT', `the journal in ${path} is damaged: ${what}; ${RESTORE}`, {
    details: { path, ...details },
  });
}

/** Maps anything thrown while `action` was under way. Errors that are mapped already pass through. */
export function journalTrouble(path: string, action: string, cause: unknown): QuorateError {
  if (cause instanceof QuorateError) return cause;
  const code = codeOf(cause);
  if (isMissingBinding(cause, code)) return missingBinding(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (isDamage(code)) return corrupt(path, `${action} failed with "${reason}"`, { cause: code });
  const told = isFull(code, path) ? 'the disk is full' : (describeNoDescriptors(code) ?? reason);
  return new QuorateError('JOURNAL_IO', `${action} failed in ${path}: ${told}`, {
    cause,
    details: code === '' ? { path } : { path, cause: code },
  });
}

/** Below this nothing useful can be written, in bytes. */
const FULL_BELOW_BYTES = 64 * 1024;

/** SQLite calls it an I/O error when a file cannot even be made longer, as at opening: then the disk itself is asked. */
function isFull(code: string, path: string): boolean {
  if (code.startsWith('SQLITE_FULL') || code === 'ENOSPC') return true;
  if (!code.startsWith('SQLITE_IOERR')) return false;
  try {
    const { bavail, bsize } = statfsSync(existsSync(path) ? path : dirname(path));
    return bavail * bsize < FULL_BELOW_BYTES;
  } catch {
    // It cannot be asked: what SQLite said has to do.
    return false;
  }
}

/** The plain SQLITE_ERROR is "no such column" and the like: our statements are right, so the schema is not. */
function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR';
}

/** True for SQLite's "somebody else has it". */
export function isBusy(cause: unknown): boolean {
  return codeOf(cause).startsWith('SQLITE_BUSY');
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) return '';
  return typeof cause.code === 'string' ? cause.code : '';
}

/** npm may install better-sqlite3 without running its build; Node may have been replaced by another major version. */
function isMissingBinding(cause: unknown, code: string): boolean {
  if (code === 'ERR_DLOPEN_FAILED') return true;
  return (
    cause instanceof Error && /Could not locate the bindings file|better_sqlite3\.node/.test(cause.message)
  );
}

function missingBinding(cause: unknown): QuorateError {
  return new QuorateError(
    'JOURNAL_IO',
    'the native part of better-sqlite3 is not built for this Node: run "npm rebuild better-sqlite3", with npm 12 after "npm approve-scripts better-sqlite3"',
    { cause, outcome: 'none' },
  );
}
