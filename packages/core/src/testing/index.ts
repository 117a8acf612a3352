/** Public surface of the test doubles and conformance suites: re-exports only. */
export { journalConformance, type ConformanceRunner, type JournalSubject, type JournalSubjectFactory } from './journal-conformance.ts';
export { MemoryDisk, MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
