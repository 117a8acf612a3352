/**
 * The journals on a machine as subjects of the conformance suite. A crash is a copy of the directory while the journal
 * is open: the files as another process sees them at that moment, which is what `kill -9` leaves.
 */
import { join } from 'node:path';
import { createSegmentJournal, type SegmentJournalOptions } from '#src/adapters/segment-journal/on-files.ts';
import { createSqliteJournal } from '#src/adapters/sqlite-journal/index.ts';
import type { Journal } from '#src/ports/journal.ts';
import type { JournalSubject } from '#src/testing/index.ts';
import { copyDirectory, temporaryDirectory } from './temporary.ts';

export function segmentSubject(options: Omit<SegmentJournalOptions, 'directory'> = {}): JournalSubject {
  return directorySubject((directory) => createSegmentJournal({ ...options, directory }));
}

export function sqliteSubject(thread: 'main' | 'worker'): JournalSubject {
  return directorySubject((directory) => createSqliteJournal({ directory, thread }));
}

function directorySubject(createJournal: (directory: string) => Journal): JournalSubject {
  const temporary = temporaryDirectory();
  const created: Journal[] = [];
  let life = 0;
  const directory = (): string => join(temporary.path, `life-${life}`);
  return {
    create() {
      const journal = createJournal(directory());
      created.push(journal);
      return journal;
    },
    async crash() {
      const before = directory();
      life += 1;
      copyDirectory(before, directory());
    },
    async destroy() {
      for (const journal of created) await journal.close();
      temporary.remove();
    },
  };
}
