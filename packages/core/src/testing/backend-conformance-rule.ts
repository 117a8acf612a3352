/** One rule of the backend contract, as something that can be checked. */
import type { Bench } from './backend-conformance-kit.ts';

export type BackendRule = {
  /** In capitals; what a failure is known by. Never reused for another rule. */
  readonly name: string;
  /** One sentence: what a backend does that keeps the rule. */
  readonly claim: string;
  /** Throws when the rule is broken, and `NotChecked` when the subject does not allow to look. */
  check(bench: Bench): Promise<void>;
};

/** The rule says nothing about this subject; the message says why. */
export class NotChecked extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotChecked';
  }
}
