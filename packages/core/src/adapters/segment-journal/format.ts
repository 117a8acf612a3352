/**
 * Making a journal in a directory that has none: the peers, a first segment that says "nothing yet" and its witness, then,
 * when all are durable, the identity. So a directory with an identity has everything else, or has lost it.
 */
import type { JournalIdentity } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { ZERO_BALLOT } from '../../protocol/ballot.ts';
import { SLOT_ZERO } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { writeNew } from './disk-files.ts';
import { IDENTITY_FILES, readIdentity, writeIdentity } from './identity.ts';
import { encodeRecord, SECTOR_BYTES, seedOf } from './layout.ts';
import { formatPeers, PEERS_FILE } from './peers.ts';
import { segmentName, segmentNumbers } from './segments.ts';
import { FIRST_VERSION } from './two-places.ts';
import { formatWitness, WITNESS_FILE } from './witness.ts';

/** One record and one sector of zeros: a segment is never quite full. */
const FIRST_SEGMENT_BYTES = 2 * SECTOR_BYTES;

/**
 * Formats the directory unless it holds a journal; returns true when it did. Under the lock.
 * @throws JOURNAL_CORRUPT when a journal has lost its identity.
 */
export function formatIfEmpty(disk: JournalDisk, identity: JournalIdentity, storageId: string): boolean {
  if (readIdentity(disk) !== undefined) return false;
  const names = disk.list();
  // The first life begins with segment 2: without one, nobody has spoken for this directory and nothing is lost.
  if ((segmentNumbers(names).at(-1) ?? 0) > 1)
    throw corrupt(
      disk.path,
      `${IDENTITY_FILES.join(' and ')} cannot be read, so it does not say whose journal it is`,
    );
  for (const name of [...IDENTITY_FILES, PEERS_FILE, WITNESS_FILE, segmentName(1)])
    if (names.includes(name)) disk.remove(name);
  formatPeers(disk);
  const { bytes, headerCrc } = firstSegment(identity, storageId);
  writeNew(disk, segmentName(1), bytes);
  formatWitness(disk, storageId, { number: 0, headerCrc, segment: 1 });
  disk.syncDirectory();
  writeIdentity(disk, identity, storageId);
  disk.syncDirectory();
  return true;
}

function firstSegment(
  { group }: JournalIdentity,
  storageId: string,
): { readonly bytes: Buffer; readonly headerCrc: number } {
  const bytes = Buffer.alloc(FIRST_SEGMENT_BYTES);
  const header = {
    kind: 'format',
    segment: 1,
    segmentBytes: FIRST_SEGMENT_BYTES,
    baseSlot: SLOT_ZERO,
    oldestSegment: 1,
    group,
    offset: 0,
    number: 0,
    previousCrc: 0,
    incarnation: 0,
    promised: ZERO_BALLOT,
    learnedSlot: SLOT_ZERO,
    peersVersion: FIRST_VERSION,
  } as const;
  const { headerCrc } = encodeRecord(header, [], seedOf(storageId), bytes);
  return { bytes, headerCrc };
}
