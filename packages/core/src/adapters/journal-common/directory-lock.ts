/**
 * One process per directory. The lock is the operating system's, on the file `lock`, taken through SQLite
 * because Node has no call for it: it ends with the process, however that ends, and is never stale. The file
 * `owner` holds the process number for the message to the second one; it decides nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import Database from 'better-sqlite3';
import { createFile, removeFile, writeText } from './files.ts';
import { isBusy } from './trouble.ts';

export type DirectoryLock = { release(): void };

/** @throws JOURNAL_LOCKED when another process, or another journal of this one, has the directory. */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, 'lock');
  const ownerPath = join(directory, 'owner');
  createFile(path);
  const database = new Database(path, { timeout: 0, fileMustExist: true });
  try {
    // In memory: else SQLite would put a rollback journal beside the lock. Nothing is ever written to either.
    database.pragma('journal_mode = memory');
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    if (isBusy(error)) throw lockedBy(directory, ownerPath);
    throw error;
  }
  asCourtesy(() => writeText(ownerPath, `${process.pid}\n`));
  return {
    release() {
      if (!database.open) return;
      asCourtesy(() => removeFile(ownerPath));
      database.close();
    },
  };
}

/** The owner's number is for a message only: a disk that is full or read-only must not hold up the lock itself. */
function asCourtesy(work: () => void): void {
  try {
    work();
  } catch {
    // The message will name no process, or one that is gone.
  }
}

function lockedBy(directory: string, ownerPath: string): QuorateError {
  const pid = readOwner(ownerPath);
  const owner =
    pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
  return new QuorateError(
    'JOURNAL_LOCKED',
    `the journal in ${directory} is in use by ${owner}: stop it, or use another directory`,
    {
      details: pid === undefined ? { directory } : { directory, pid },
    },
  );
}

/** Undefined while the owner has the lock and has not written its number yet. */
function readOwner(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isSafeInteger(pid) ? pid : undefined;
  } catch {
    // The number is a courtesy: the refusal stands without it.
    return undefined;
  }
}
