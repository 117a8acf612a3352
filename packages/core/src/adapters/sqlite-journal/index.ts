/** Public surface of the SQLite journal: re-exports only. */
export { openSqliteDump } from './dump.ts';
export { createSqliteJournal, MAIN_THREAD_FLUSH_MS, type SqliteJournalOptions } from './sqlite-journal.ts';
