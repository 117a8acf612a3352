/** The segment journal in a directory of the file system, with the clock and the chance of this machine. */
import { randomBytes } from 'node:crypto';
import type { Journal } from '../../ports/journal.ts';
import type { Logger } from '../../ports/logger.ts';
import { SYSTEM_CLOCK } from '../system-clock.ts';
import type { SegmentSizes } from './log-writer.ts';
import { NodeDisk } from './node-disk.ts';
import { SegmentJournal } from './segment-journal.ts';

export type SegmentJournalOptions = {
  /** Belongs to this journal alone; created, with access for its owner only. Never on a network file system. */
  readonly directory: string;
  readonly logger?: Logger;
  readonly sizes?: SegmentSizes;
  /** False: a flush after each write instead of descriptors that write through. Default: as the system allows. */
  readonly writesThrough?: boolean;
};

export function createSegmentJournal({
  directory,
  writesThrough,
  ...others
}: SegmentJournalOptions): Journal {
  return new SegmentJournal({
    ...others,
    disk: new NodeDisk(directory, writesThrough),
    clock: SYSTEM_CLOCK,
    newStorageId: () => randomBytes(16).toString('hex'),
    defer: queueMicrotask,
  });
}
