/** A backend that is broken in one place, and the rule that must say so. */
import type { BackendSubject } from '../backend-conformance-kit.ts';

export type Mutant = {
  /** Completes "a backend that ...". */
  readonly fault: string;
  /** Broken first and foremost; others may break with it. */
  readonly rule: string;
  subject(): BackendSubject;
};
