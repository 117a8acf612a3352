/**
 * Whose journal this is: two files with the same content, written when the directory is formatted and never
 * changed. One of them may rot; it is replaced by a copy of the other.
 */
import { QuorateError } from '@quorate/wire';
import type { JournalIdentity } from '../../ports/journal.ts';
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { asNodeId } from '../../protocol/types.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { readWhole, writeAt, writeNew } from './disk-files.ts';
import { FORMAT_VERSION } from './layout.ts';
import { openSealedText, sealText } from './sealed-text.ts';

/** In the order in which they are written. */
export const IDENTITY_FILES = ['identity-2', 'identity-1'] as const;

export type StoredIdentity = JournalIdentity & { readonly storageId: string; readonly formatVersion: number };

export function writeIdentity(disk: JournalDisk, identity: JournalIdentity, storageId: string): void {
  const { clusterId, genesisDigest, node, group } = identity;
  const bytes = sealText({ formatVersion: FORMAT_VERSION, clusterId, genesisDigest, node, group, storageId });
  for (const name of IDENTITY_FILES) writeNew(disk, name, bytes);
}

/** Undefined when no copy can be read. @throws JOURNAL_FOREIGN for another format, JOURNAL_CORRUPT */
export function readIdentity(disk: JournalDisk): StoredIdentity | undefined {
  const [one, other] = IDENTITY_FILES.map((name) => readCopy(disk, name));
  if (one !== undefined && other !== undefined && sealText(one).compare(sealText(other)) !== 0)
    throw corrupt(
      disk.path,
      `${IDENTITY_FILES.join(' and ')} do not say the same, so files of two directories are mixed`,
    );
  return one ?? other;
}

/** Replaces a copy that is missing or cannot be read, and writes the others again: see `recover.ts`, flushAgain. */
export function settleIdentity(disk: JournalDisk, identity: StoredIdentity): void {
  const bytes = sealText(identity);
  for (const name of IDENTITY_FILES) {
    if (readCopy(disk, name) === undefined) {
      if (disk.list().includes(name)) disk.remove(name);
      writeNew(disk, name, bytes);
    } else writeAt(disk, name, bytes, 0);
  }
}

function readCopy(disk: JournalDisk, name: string): StoredIdentity | undefined {
  if (!disk.list().includes(name)) return undefined;
  const content = openSealedText(readWhole(disk, name));
  if (typeof content !== 'object' || content === null) return undefined;
  const fields = content as Record<string, unknown>;
  if (typeof fields['formatVersion'] === 'number' && fields['formatVersion'] !== FORMAT_VERSION)
    throw otherFormat(disk.path, fields['formatVersion']);
  return {
    formatVersion: Number(fields['formatVersion']),
    clusterId: String(fields['clusterId']),
    genesisDigest: String(fields['genesisDigest']),
    node: asNodeId(Number(fields['node'])),
    group: Number(fields['group']),
    storageId: String(fields['storageId']),
  };
}

function otherFormat(path: string, format: number): QuorateError {
  return new QuorateError(
    'JOURNAL_FOREIGN',
    `${path} has journal format ${format} and this build of Quorate reads ${FORMAT_VERSION}: use the build that wrote it`,
    { details: { path, format } },
  );
}
