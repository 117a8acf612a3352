/**
 * Making a journal in a directory that has none. The witness is created last, so its presence says that
 * formatting was finished and flushed; before that, nothing was promised and starting over loses nothing.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import type { JournalIdentity } from '../../ports/journal.ts';
import { ZERO_BALLOT } from '../../protocol/ballot.ts';
import { SLOT_ZERO } from '../../protocol/types.ts';
import { createFile, DIRECTORY_MODE, removeFile, syncPath } from '../journal-common/files.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { stateCrc } from './checksums.ts';
import { type Connection, openReader, openWriter } from './connection.ts';
import { fieldsOf, findHardState, type HardState } from './hard-state.ts';
import { insertIdentity, putPeerSet } from './identity.ts';
import { CREATE_TABLES, DATABASE_FILE, MAX_GROUPS } from './schema.ts';
import { WITNESS_FILE, Witness } from './witness.ts';

/**
 * Formats the directory unless it holds a journal; returns true when it did. Under the lock.
 * @throws JOURNAL_CORRUPT when half of a journal is missing.
 */
export function formatIfEmpty(directory: string, identity: JournalIdentity): boolean {
  const database = join(directory, DATABASE_FILE);
  const witness = join(directory, WITNESS_FILE);
  if (existsSync(witness)) {
    if (!existsSync(database))
      throw corrupt(database, 'the file is missing although this directory was formatted');
    return false;
  }
  if (existsSync(database) && wasOpened(database, identity.group)) {
    throw corrupt(
      witness,
      'the file is missing, and without it a shortened journal cannot be told from a whole one',
    );
  }
  for (const suffix of ['', '-wal', '-shm', '-journal']) removeFile(database + suffix);
  chmodSync(directory, DIRECTORY_MODE);
  format(database, witness, identity);
  syncPath(directory);
  return true;
}

/** False when formatting was cut short: then this node has never spoken for this directory. */
function wasOpened(database: string, group: number): boolean {
  const reader = openReader(database);
  try {
    const tables = reader.prepare("select count(*) from sqlite_schema where name = 'state'").pluck().get();
    if (tables === 0) return false;
    const state = findHardState(reader, group);
    return state === undefined || state.incarnation > 0;
  } finally {
    reader.close();
  }
}

function format(database: string, witness: string, identity: JournalIdentity): void {
  if (identity.group >= MAX_GROUPS)
    throw new QuorateError('ARGUMENT', `group ${identity.group} is not below ${MAX_GROUPS}`);
  const storageId = randomBytes(16).toString('hex');
  createFile(database);
  const writer = openWriter(database, 0);
  try {
    writer.exec('begin immediate');
    writer.exec(CREATE_TABLES);
    insertIdentity(writer, identity, storageId);
    insertHardState(writer, identity.group);
    putPeerSet(writer);
    writer.exec('commit');
  } finally {
    // Merges the write-ahead log into the database and flushes both.
    writer.close();
  }
  syncPath(database);
  createFile(witness);
  const record = new Witness(witness, storageId);
  record.note(0);
  record.note(1);
  record.flush();
  record.close();
}

function insertHardState(connection: Connection, group: number): void {
  const empty: HardState = {
    number: 0,
    incarnation: 0,
    promised: ZERO_BALLOT,
    learnedSlot: SLOT_ZERO,
    tailCount: 0,
    tailCrc: 0,
  };
  const insert = connection.prepare(`
    insert into state (group_number, copy, number, incarnation, promised_round, promised_node, learned_slot, tail_count, tail_crc, crc)
    values (?, ?, ?, 0, 0, 0, 0, 0, 0, ?)`);
  for (const number of [0, 1])
    insert.run(group, number, number, stateCrc(group, fieldsOf({ ...empty, number })));
}
