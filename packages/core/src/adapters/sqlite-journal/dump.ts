/**
 * Reading a journal that no process has open, for people. Shows damaged entries instead of refusing them; only a
 * journal that cannot say whose it is or what it promised is an error.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import type { JournalDump } from '../../ports/journal.ts';
import { type DirectoryLock, lockDirectory } from '../journal-common/directory-lock.ts';
import { removeFile } from '../journal-common/files.ts';
import { corrupt, journalTrouble } from '../journal-common/trouble.ts';
import { type Connection, openReader } from './connection.ts';
import { Entries } from './entries.ts';
import { findHardState } from './hard-state.ts';
import { readIdentity, readPeers } from './identity.ts';
import { DATABASE_FILE } from './schema.ts';

/**
 * Holds the directory until `close`, so that a node cannot start under the reader.
 * @throws JOURNAL_LOCKED, JOURNAL_CORRUPT, JOURNAL_IO; ARGUMENT when there is no journal.
 */
export function openSqliteDump(directory: string): JournalDump {
  const path = join(directory, DATABASE_FILE);
  if (!existsSync(path)) throw new QuorateError('ARGUMENT', `there is no journal in ${directory}`);
  const open: { lock?: DirectoryLock; reader?: Connection } = {};
  const hadLog = existsSync(`${path}-wal`);
  const close = (): void => {
    open.reader?.close();
    if (open.lock === undefined) return;
    // A reader makes these files where there are none; left as it was found.
    removeFile(`${path}-shm`);
    if (!hadLog) removeFile(`${path}-wal`);
    open.lock.release();
    delete open.lock;
  };
  try {
    open.lock = lockDirectory(directory);
    open.reader = openReader(path);
    return describe(open.reader, path, close);
  } catch (error) {
    close();
    throw journalTrouble(directory, 'inspecting the journal', error);
  }
}

function describe(reader: Connection, path: string, close: () => void): JournalDump {
  const identity = readIdentity(reader, path);
  const state = findHardState(reader, identity.group);
  if (state === undefined) throw corrupt(path, 'no copy of its hard state can be read');
  const entries = new Entries(reader, identity.group, path);
  return {
    identity: { ...identity, incarnation: state.incarnation },
    promised: state.promised,
    learnedSlot: state.learnedSlot,
    peers: readPeers(reader, path),
    *entries() {
      try {
        for (const { slot, ballot, value, chosen, intact } of entries.readAll())
          yield { slot, ballot, value, chosen, intact };
      } catch (error) {
        throw journalTrouble(path, 'reading entries', error);
      }
    },
    close,
  };
}
