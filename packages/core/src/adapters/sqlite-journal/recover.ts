/**
 * Reading a journal back and deciding whether it can be trusted, before anything in it is changed. Every record
 * that is loaded is checked; a doubt is an error that names what is wrong, never a shorter journal.
 */
import { join } from 'node:path';
import type { JournalIdentity, PeerRecord } from '../../ports/journal.ts';
import type { JournalImage } from '../../protocol/replica-types.ts';
import { removeFile, syncPath } from '../journal-common/files.ts';
import { requireSame } from '../journal-common/same-identity.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { type Connection, openReader } from './connection.ts';
import { Entries, type StoredEntry } from './entries.ts';
import { type HardState, readHardState } from './hard-state.ts';
import { readIdentity, readPeers } from './identity.ts';
import { DATABASE_FILE } from './schema.ts';
import { Tail } from './tail.ts';
import { readWitness, WITNESS_FILE } from './witness.ts';

export type Recovered = {
  readonly storageId: string;
  /** As stored. */
  readonly state: HardState;
  /** Its learned slot may be higher than the stored one: it counts what is held as chosen. */
  readonly tail: Tail;
  readonly image: JournalImage;
  readonly peers: readonly PeerRecord[];
};

/** Under the lock. @throws JOURNAL_FOREIGN, JOURNAL_CORRUPT */
export function recover(directory: string, identity: JournalIdentity): Recovered {
  const path = join(directory, DATABASE_FILE);
  const reader = openReader(path);
  try {
    const stored = readIdentity(reader, path);
    requireSame(stored, identity, directory);
    const state = readHardState(reader, identity.group, path);
    compareWithWitness(directory, stored.storageId, state.number);
    return {
      storageId: stored.storageId,
      state,
      ...loadTail(reader, identity.group, state, path),
      peers: readPeers(reader, path),
    };
  } finally {
    reader.close();
    // A reader shares its index of the write-ahead log through a file that the writer does not use.
    removeFile(`${path}-shm`);
  }
}

/**
 * After the death of a process the operating system may hold, and show us, what no disk has yet. Nothing of it may
 * be revealed to a peer before it is flushed, or a power cut could still take it back.
 */
export function flushRecovered(directory: string): void {
  for (const file of [DATABASE_FILE, `${DATABASE_FILE}-wal`, WITNESS_FILE]) syncPath(join(directory, file));
  syncPath(directory);
}

function compareWithWitness(directory: string, storageId: string, number: number): void {
  const path = join(directory, WITNESS_FILE);
  const witnessed = readWitness(path);
  if (witnessed.storageId !== storageId) {
    throw corrupt(
      directory,
      `${WITNESS_FILE} belongs to storage ${witnessed.storageId} and ${DATABASE_FILE} to storage ${storageId}, so files of two directories are mixed`,
    );
  }
  if (witnessed.number > number) {
    throw corrupt(
      directory,
      `write ${witnessed.number} was acknowledged, but ${DATABASE_FILE} and its write-ahead log end at write ${number}; the end was cut off or cannot be read`,
      { acknowledged: witnessed.number, found: number },
    );
  }
}

function loadTail(
  reader: Connection,
  group: number,
  state: HardState,
  path: string,
): Pick<Recovered, 'tail' | 'image'> {
  const tail = new Tail(state.learnedSlot);
  const loaded: StoredEntry[] = [];
  for (const entry of new Entries(reader, group, path).read(state.learnedSlot + 1)) {
    tail.put(entry.slot, entry.crc, entry.chosen);
    loaded.push(entry);
  }
  if (tail.count !== state.tailCount || tail.crc !== state.tailCrc) {
    throw corrupt(
      path,
      `the entries above slot ${state.learnedSlot} are not those that were written: ${tail.count} found, ${state.tailCount} expected`,
      {
        slot: state.learnedSlot + 1,
      },
    );
  }
  tail.learnChosen();
  const accepted = loaded
    .filter((entry) => entry.slot > tail.learnedSlot)
    .map(({ slot, ballot, value, chosen }) => ({ slot, ballot, value, chosen }));
  return { tail, image: { promised: state.promised, learnedSlot: tail.learnedSlot, accepted } };
}
