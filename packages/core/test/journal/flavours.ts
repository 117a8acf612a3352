/** Every kind of journal there is on a machine, for tests that ask the same of each. */
import { createSegmentJournal } from '#src/adapters/segment-journal/on-files.ts';
import { createSqliteJournal } from '#src/adapters/sqlite-journal/index.ts';
import type { Journal, OpenedJournal } from '#src/ports/journal.ts';
import { WRITER_IDENTITY } from './writer-values.ts';

/** SQLite on the event loop, SQLite in a thread, and segments. */
export type Flavour = 'main' | 'worker' | 'segments';

/** A journal over the directory, not opened. */
export function journalOf(flavour: Flavour, directory: string): Journal {
  return flavour === 'segments'
    ? createSegmentJournal({ directory })
    : createSqliteJournal({ directory, thread: flavour });
}

export function asFlavour(text: string): Flavour {
  return text === 'segments' || text === 'worker' ? text : 'main';
}

/** One life without a write. */
export async function openAndClose(flavour: Flavour, directory: string): Promise<OpenedJournal> {
  const journal = journalOf(flavour, directory);
  const opened = await journal.open(WRITER_IDENTITY);
  await journal.close();
  return opened;
}
