/** The bank's results as text. */
import type { Finding, Hunt } from './mutant.ts';

export type Row = { readonly id: string; readonly hunt: Hunt; readonly finding: Finding };

const RULE_WIDTH = 72;

export function toolName(hunt: Hunt): string {
  if (hunt.tool === 'tests') return hunt.name;
  return hunt.tool === 'model checker' ? `model checker, ${hunt.scope}` : hunt.tool;
}

export function headerLine(): string {
  return lineOf('mutant', 'found by', 'effort', 'seconds', 'rule that fired');
}

export function rowLine({ id, hunt, finding }: Row): string {
  switch (finding.kind) {
    case 'found':
      return lineOf(id, toolName(hunt), finding.effort, finding.seconds.toFixed(1), cut(finding.rule));
    case 'missed':
      return lineOf(id, toolName(hunt), finding.effort, finding.seconds.toFixed(1), 'NOT FOUND');
    case 'broken':
      return lineOf(id, toolName(hunt), '-', '-', `BROKEN: ${finding.why}`);
    default:
      return finding satisfies never;
  }
}

/** The product as it is: finding nothing is what is wanted. */
export function sanityLine(hunt: Hunt, finding: Finding): string {
  const effort = finding.kind === 'broken' ? '-' : finding.effort;
  const seconds = finding.kind === 'broken' ? '-' : finding.seconds.toFixed(1);
  const verdict =
    finding.kind === 'missed'
      ? 'nothing, as it must be'
      : finding.kind === 'found'
        ? `FIRED: ${finding.rule}: ${finding.sentence}`
        : `BROKEN: ${finding.why}`;
  return lineOf('(no mutant)', toolName(hunt), effort, seconds, verdict);
}

function lineOf(id: string, foundBy: string, effort: string, seconds: string, rule: string): string {
  return `${id.padEnd(36)} ${foundBy.padEnd(30)} ${effort.padStart(16)} ${seconds.padStart(8)}  ${rule}`;
}

function cut(text: string): string {
  return text.length <= RULE_WIDTH ? text : `${text.slice(0, RULE_WIDTH - 3)}...`;
}
