/**
 * What every backend must do, as rules with names that any backend can be checked against.
 *
 * In a mocha-style test file: `backendConformance(subject)`. The words of the runner come from the caller or, by
 * default, from the globals, so that this package does not depend on one. A tool calls `checkBackend` and prints the
 * report. A failure names its rule and the seed with which it happens again. New rules are added to the lists of
 * `backend-conformance-*.ts`; a rule's name never changes its meaning.
 */
import { streamOf as randomStreamOf } from '../protocol/random.ts';
import { APPLY_RULES } from './backend-conformance-apply.ts';
import { COMMAND_RULES } from './backend-conformance-commands.ts';
import { CRASH_RULES } from './backend-conformance-crash.ts';
import { HOSTILE_RULES } from './backend-conformance-hostile.ts';
import { KILL_RULES } from './backend-conformance-kill.ts';
import { type BackendSubject, Bench } from './backend-conformance-kit.ts';
import { PACKED_RULES } from './backend-conformance-packed.ts';
import { type BackendRule, NotChecked } from './backend-conformance-rule.ts';
import { SNAPSHOT_RULES } from './backend-conformance-snapshot.ts';
import type { ConformanceRunner } from './journal-conformance-kit.ts';
import { DURABLE_MUTANTS, type Mutant, VOLATILE_MUTANTS } from './mutants/index.ts';

export { argumentsCommand, type BackendSubject, textCommand } from './backend-conformance-kit.ts';
export type { BackendRule } from './backend-conformance-rule.ts';

export const BACKEND_RULES: readonly BackendRule[] = [
  ...COMMAND_RULES,
  ...HOSTILE_RULES,
  ...APPLY_RULES,
  ...PACKED_RULES,
  ...SNAPSHOT_RULES,
  ...CRASH_RULES,
  ...KILL_RULES,
];

/** Of one rule in a test. */
const RULE_TIMEOUT_MS = 60_000;

export class RuleBroken extends Error {
  readonly rule: string;
  readonly seed: number;

  constructor(rule: BackendRule, seed: number, cause: unknown) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    super(`rule ${rule.name} is broken (seed ${seed}): ${detail}`, { cause });
    this.name = 'RuleBroken';
    this.rule = rule.name;
    this.seed = seed;
  }
}

/** Gives the reason when the subject does not allow to look. @throws RuleBroken */
export async function checkRule(
  rule: BackendRule,
  subject: BackendSubject,
  seed = 1,
): Promise<string | undefined> {
  const bench = new Bench(subject, randomStreamOf(seed, rule.name));
  try {
    await rule.check(bench);
    return undefined;
  } catch (error) {
    if (error instanceof NotChecked) return error.message;
    throw new RuleBroken(rule, seed, error);
  } finally {
    await bench.close();
  }
}

export type RuleReport = {
  readonly rule: string;
  readonly claim: string;
  readonly broken: RuleBroken | undefined;
  /** Why it could not be checked. */
  readonly notChecked: string | undefined;
};

/** Every rule, also after one is broken. */
export async function checkBackend(
  subject: BackendSubject,
  seed = 1,
  onReport: (report: RuleReport) => void = () => undefined,
): Promise<RuleReport[]> {
  const reports: RuleReport[] = [];
  for (const rule of BACKEND_RULES) {
    let broken: RuleBroken | undefined;
    let notChecked: string | undefined;
    try {
      notChecked = await checkRule(rule, subject, seed);
    } catch (error) {
      if (!(error instanceof RuleBroken)) throw error;
      broken = error;
    }
    const report = { rule: rule.name, claim: rule.claim, broken, notChecked };
    reports.push(report);
    onReport(report);
  }
  return reports;
}

/** Every one of them is broken in one place. */
export const BACKEND_MUTANTS: readonly Mutant[] = [...VOLATILE_MUTANTS, ...DURABLE_MUTANTS];

/** Undefined when the rule that should find the mutant says nothing. */
export async function checkMutant(mutant: Mutant): Promise<RuleBroken | undefined> {
  const rule = BACKEND_RULES.find((each) => each.name === mutant.rule);
  if (rule === undefined) throw new RangeError(`there is no rule ${mutant.rule}`);
  try {
    await checkRule(rule, mutant.subject());
    return undefined;
  } catch (error) {
    if (error instanceof RuleBroken) return error;
    throw error;
  }
}

/** Registers one test for each rule. */
export function backendConformance(
  subject: BackendSubject,
  runner: ConformanceRunner = globalThis as unknown as ConformanceRunner,
): void {
  runner.describe(`backend conformance: ${subject.name}`, function (this: unknown) {
    allowTime(this);
    for (const rule of BACKEND_RULES)
      runner.it(`${rule.name}: ${rule.claim}`, async () => {
        await checkRule(rule, subject);
      });
  });
}

/** A rule may take longer than mocha allows by default; more that the caller allows stays. */
function allowTime(suite: unknown): void {
  const { timeout } = (suite ?? {}) as { readonly timeout?: (this: unknown, ms?: number) => unknown };
  const allowed = timeout?.call(suite);
  if (typeof allowed === 'number' && allowed !== 0 && allowed < RULE_TIMEOUT_MS)
    timeout?.call(suite, RULE_TIMEOUT_MS);
}
