/** Which journal a node gets, and which one a directory holds. */
import { existsSync, readdirSync } from 'node:fs';
import { QuorateError } from '@quorate/wire';
import { type JournalKind, kindOf } from '../adapters/journal-common/kinds.ts';
import { openSegmentDump } from '../adapters/segment-journal/index.ts';
import { NodeDisk } from '../adapters/segment-journal/node-disk.ts';
import { createSegmentJournal } from '../adapters/segment-journal/on-files.ts';
import { createSqliteJournal, openSqliteDump } from '../adapters/sqlite-journal/index.ts';
import type { JournalThread } from '../config/settings.ts';
import type { Journal, JournalDump } from '../ports/journal.ts';
import type { Logger } from '../ports/logger.ts';

export type JournalChoice = {
  readonly kind: JournalKind;
  readonly directory: string;
  /** For SQLite only: the other one never waits for the disk on the event loop. */
  readonly thread: JournalThread;
  readonly logger: Logger;
};

export function createJournal({ kind, directory, thread, logger }: JournalChoice): Journal {
  switch (kind) {
    case 'segments':
      return createSegmentJournal({ directory, logger });
    case 'sqlite':
      return createSqliteJournal({ directory, thread, logger });
    default:
      return kind satisfies never;
  }
}

/**
 * A read-only look at a journal of either kind. Holds the directory until `close`, so that a node cannot start under
 * the reader.
 * @throws JOURNAL_LOCKED, JOURNAL_CORRUPT, JOURNAL_IO; ARGUMENT when there is no journal.
 */
export function openJournalDump(directory: string): JournalDump {
  const kind = existsSync(directory) ? kindOf(readdirSync(directory)) : undefined;
  if (kind === undefined) throw new QuorateError('ARGUMENT', `there is no journal in ${directory}`);
  return kind === 'segments' ? openSegmentDump(new NodeDisk(directory)) : openSqliteDump(directory);
}
