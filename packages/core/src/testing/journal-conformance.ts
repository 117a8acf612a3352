/**
 * What every journal must do, as tests that each implementation runs against itself. Register them inside a
 * mocha-style file: `journalConformance('memory', () => subject)`. The words of the runner come from the caller
 * or, by default, from the globals, so that this package does not depend on one.
 */
import { journalCrashConformance } from './journal-conformance-crash.ts';
import { journalEntriesConformance } from './journal-conformance-entries.ts';
import type { ConformanceRunner, JournalSubjectFactory } from './journal-conformance-kit.ts';
import { journalOpeningConformance } from './journal-conformance-opening.ts';

export type { ConformanceRunner, JournalSubject, JournalSubjectFactory } from './journal-conformance-kit.ts';

export function journalConformance(
  name: string,
  factory: JournalSubjectFactory,
  runner: ConformanceRunner = globalThis as unknown as ConformanceRunner,
): void {
  runner.describe(`journal conformance: ${name}`, () => {
    journalOpeningConformance(factory, runner);
    journalEntriesConformance(factory, runner);
    journalCrashConformance(factory, runner);
  });
}
