/**
 * The SQLite journal as a subject of the conformance suite. A crash is a copy of the directory while the journal
 * is open: the files as another process sees them at that moment, which is what `kill -9` leaves.
 */
import { join } from 'node:path';
import { createSqliteJournal } from '#src/adapters/sqlite-journal/index.ts';
import type { Journal } from '#src/ports/journal.ts';
import type { JournalSubject } from '#src/testing/index.ts';
import { copyDirectory, temporaryDirectory } from './temporary.ts';

export function sqliteSubject(thread: 'main' | 'worker'): JournalSubject {
  const temporary = temporaryDirectory();
  const created: Journal[] = [];
  let life = 0;
  const directory = (): string => join(temporary.path, `life-${life}`);
  return {
    create() {
      const journal = createSqliteJournal({ directory: directory(), thread });
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
