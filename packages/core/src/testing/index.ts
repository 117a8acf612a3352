/** Public surface of the test doubles and conformance suites: re-exports only. */

export {
  argumentsCommand,
  BACKEND_RULES,
  type BackendRule,
  type BackendSubject,
  backendConformance,
  checkBackend,
  checkRule,
  RuleBroken,
  type RuleReport,
  textCommand,
} from './backend-conformance.ts';
export {
  type ConformanceRunner,
  type JournalSubject,
  type JournalSubjectFactory,
  journalConformance,
} from './journal-conformance.ts';
export { MemoryDisk, MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
