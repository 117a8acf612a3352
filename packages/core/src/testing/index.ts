/** Public surface of the test doubles and conformance suites: re-exports only. */

export {
  argumentsCommand,
  BACKEND_MUTANTS,
  BACKEND_RULES,
  type BackendRule,
  type BackendSubject,
  backendConformance,
  checkBackend,
  checkMutant,
  checkRule,
  RuleBroken,
  type RuleReport,
  textCommand,
} from './backend-conformance.ts';
export {
  type ConformanceSamples,
  type Sample,
  type StartedSubject,
  type SubjectSource,
  subjectOf,
} from './conformance-samples.ts';
export { freePorts } from './free-ports.ts';
export {
  type ConformanceRunner,
  type JournalSubject,
  type JournalSubjectFactory,
  journalConformance,
} from './journal-conformance.ts';
export { type BreakableSubject, journalFailureConformance } from './journal-conformance-failure.ts';
export { MemoryDisk, MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
export { durablePairs, type Mutant, volatilePairs } from './mutants/index.ts';
export { isProgram, ServerProcess, type ServerProgram } from './server-process.ts';
