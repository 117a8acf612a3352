/**
 * `conform`: every rule of the backend contract, checked on a backend of anybody's; with `--mutants` the kit checks
 * itself on backends that are broken on purpose. Exit code 1 when a rule is broken, or a mutant not found.
 */
import {
  BACKEND_MUTANTS,
  checkBackend,
  checkMutant,
  type RuleReport,
  type StartedSubject,
  subjectOf,
} from '@quorate/core/testing';
import { QuorateError } from '@quorate/wire';
import { conformanceModule } from '../conform/module.ts';
import { simulatedCluster } from '../conform/simulated-cluster.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressLine } from '../output/progress.ts';
import { renderTable } from '../output/table.ts';

export type ConformOptions = {
  /** JSON, as typed. */
  readonly options?: string;
  readonly temporary?: true;
  readonly mutants?: true;
  readonly seed?: string;
};

export async function runConform(
  context: CommandContext,
  backend: string | undefined,
  options: ConformOptions,
): Promise<void> {
  const seed = seedOf(options.seed);
  if (options.mutants === true) {
    if (backend !== undefined) throw new QuorateError('ARGUMENT', '--mutants takes no backend');
    return checkMutants(context);
  }
  if (backend === undefined)
    throw new QuorateError('ARGUMENT', 'which backend? kv, postgres, redis, or the path of a module');
  const subject = await subjectNamed(backend, options);
  try {
    const progress = new ProgressLine(context.streams.stderr);
    const reports = await checkBackend(subject, seed, ({ rule }) => progress.update(rule));
    progress.update('SIMULATED-CLUSTER');
    reports.push(await simulatedCluster(subject, seed));
    progress.end('');
    showReports(context, backend, seed, reports);
  } finally {
    await subject.stop?.();
  }
}

async function subjectNamed(backend: string, options: ConformOptions): Promise<StartedSubject> {
  if (options.temporary === true && options.options !== undefined)
    throw new QuorateError('ARGUMENT', '--temporary starts servers of its own; --options names others');
  const given = jsonOf(options.options);
  const { module, url } = await conformanceModule(backend);
  try {
    return await subjectOf(module, {
      name: backend,
      ...(url === undefined ? {} : { url }),
      options: given,
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new QuorateError('CONFIG_INVALID', `backend ${backend}: ${detail}`, { cause: error });
  }
}

function showReports(
  context: CommandContext,
  backend: string,
  seed: number,
  reports: readonly RuleReport[],
): void {
  const broken = reports.filter((report) => report.broken !== undefined);
  if (broken.length > 0) context.exitCode = EXIT.failed;
  if (context.format === 'json') {
    const rules = reports.map((report) => ({
      rule: report.rule,
      claim: report.claim,
      verdict: verdictOf(report),
      ...(detailOf(report) === undefined ? {} : { detail: detailOf(report) }),
    }));
    context.printJson({ backend, seed, ok: broken.length === 0, rules });
    return;
  }
  const rows = reports.map((report) => [verdictOf(report), report.rule, report.notChecked ?? report.claim]);
  context.print(
    renderTable(['verdict', 'rule', 'what it says'], rows, context.format === 'table' ? 'boxed' : 'plain'),
  );
  for (const report of broken) context.print(`\n${report.rule}: ${detailOf(report)}\n`);
  const kept = reports.filter((report) => verdictOf(report) === 'kept').length;
  const unchecked = reports.length - kept - broken.length;
  context.print(
    `\n${backend}: ${kept} rules kept, ${broken.length} broken, ${unchecked} not checked (seed ${seed})\n`,
  );
  if (broken.length > 0) context.print(`again: npx quorate conform ${backend} --seed ${seed}\n`);
}

function verdictOf({ broken, notChecked }: RuleReport): 'kept' | 'BROKEN' | 'not checked' {
  if (broken !== undefined) return 'BROKEN';
  return notChecked === undefined ? 'kept' : 'not checked';
}

function detailOf({ broken, notChecked }: RuleReport): string | undefined {
  if (broken === undefined) return notChecked;
  return broken.cause instanceof Error ? broken.cause.message : broken.message;
}

async function checkMutants(context: CommandContext): Promise<void> {
  const progress = new ProgressLine(context.streams.stderr);
  const found: { readonly fault: string; readonly rule: string; readonly found: boolean }[] = [];
  for (const mutant of BACKEND_MUTANTS) {
    progress.update(mutant.fault);
    const broken = await checkMutant(mutant);
    found.push({ fault: mutant.fault, rule: mutant.rule, found: broken !== undefined });
  }
  progress.end('');
  const missed = found.filter((each) => !each.found).length;
  if (missed > 0) context.exitCode = EXIT.failed;
  if (context.format === 'json') return context.printJson({ ok: missed === 0, mutants: found });
  const rows = found.map((each) => [each.found ? 'found' : 'MISSED', each.rule, each.fault]);
  context.print(
    renderTable(
      ['verdict', 'by rule', 'a backend that'],
      rows,
      context.format === 'table' ? 'boxed' : 'plain',
    ),
  );
  context.print(`\n${found.length - missed} of ${found.length} broken backends found\n`);
}

function seedOf(text: string | undefined): number {
  const seed = Number(text ?? '1');
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new QuorateError('ARGUMENT', `--seed: takes a whole number, not "${text}"`);
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new QuorateError('ARGUMENT', `--options: takes JSON: ${(error as Error).message}`);
  }
}
