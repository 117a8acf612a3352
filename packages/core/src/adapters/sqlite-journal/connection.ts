/**
 * Connections to `journal.db` and the settings on which durability rests: each is set and then read back,
 * because a setting that SQLite did not take is silent and costs acknowledged writes.
 */

import { QuorateError } from '@quorate/wire';
import Database from 'better-sqlite3';
import { LOWEST_SQLITE_VERSION, PAGE_BYTES } from './schema.ts';

export type Connection = Database.Database;
/** With any parameters and any rows; narrower types where a statement is prepared on the spot. */
export type Statement = Database.Statement<unknown[]>;

/**
 * A look that changes nothing: closing it leaves the write-ahead log as it is, where closing a writer would merge
 * and delete it. The evidence of damage stays.
 */
export function openReader(path: string): Connection {
  return new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
}

/** The one connection that writes. `journal_size_limit` keeps the write-ahead log at `walBytes` between resets. */
export function openWriter(path: string, walBytes: number): Connection {
  const connection = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    configure(connection, walBytes);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function configure(connection: Connection, walBytes: number): void {
  // Before the first access: then the index of the write-ahead log lives in memory instead of a shared file.
  connection.pragma('locking_mode = exclusive');
  const version = String(connection.prepare('select sqlite_version()').pluck().get());
  if (isOlder(version, LOWEST_SQLITE_VERSION)) {
    throw unsafe(`SQLite ${version} can lose commits; ${LOWEST_SQLITE_VERSION} or newer is needed`);
  }
  // Only takes effect in a file that is still empty.
  connection.pragma(`page_size = ${PAGE_BYTES}`);
  setAndCheck(connection, 'journal_mode', 'wal');
  setAndCheck(connection, 'synchronous', 2, 'full');
  // macOS needs its own call to get past the cache of the drive; elsewhere these two change nothing.
  setAndCheck(connection, 'fullfsync', 1);
  setAndCheck(connection, 'checkpoint_fullfsync', 1);
  // Checkpoints happen when the store says so, never inside a commit.
  setAndCheck(connection, 'wal_autocheckpoint', 0);
  setAndCheck(connection, 'journal_size_limit', walBytes);
  setAndCheck(connection, 'locking_mode', 'exclusive');
}

/** Sets a pragma and reads it back. `word` is how it is written when it reads back as a number. */
function setAndCheck(
  connection: Connection,
  name: string,
  value: string | number,
  word: string | number = value,
): void {
  connection.pragma(`${name} = ${word}`);
  const taken = connection.pragma(name, { simple: true });
  if (taken !== value) throw unsafe(`SQLite answers "${String(taken)}" for ${name}, which must be ${word}`);
}

function unsafe(why: string): QuorateError {
  return new QuorateError('JOURNAL_IO', `the journal cannot be kept safely: ${why}`, { outcome: 'none' });
}

function isOlder(version: string, than: string): boolean {
  const left = version.split('.').map(Number);
  const right = than.split('.').map(Number);
  for (const [index, part] of right.entries()) {
    const mine = left[index] ?? 0;
    if (mine !== part) return mine < part;
  }
  return false;
}
