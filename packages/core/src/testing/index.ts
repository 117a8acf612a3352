/** Public surface of the test doubles and conformance suites: re-exports only. */
export { journalConformance, type ConformanceRunner, type JournalSubject, type JournalSubjectFactory } from './journal-conformance.ts';
export { MemoryDisk, MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
export {
  argumentsCommand,
  BACKEND_RULES,
  backendConformance,
  type BackendRule,
  type BackendSubject,
  checkBackend,
  checkRule,
  RuleBroken,
  type RuleReport,
  textCommand,
} from './backend-conformance.ts';
