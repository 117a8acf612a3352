/**
 * What the command prints: a line every few seconds, a line for each scope, a transcript when something is wrong, and the
 * sum. The same hook that tells stops a search that would take more memory than it may.
 */
import type { Report } from './model-check.ts';
import type { Totals } from './search.ts';

const EVERY_MS = 10_000;
const GIB = 2 ** 30;

/** Says how far a search is, now and then, and stops it when it takes more memory than it may. */
export function progressOf(
  scope: string,
  maxGib: number,
  write: (line: string) => void,
): (totals: Totals) => 'go on' | 'stop' {
  const startedAt = performance.now();
  let toldAt = startedAt;
  return (totals) => {
    const now = performance.now();
    const bytes = process.memoryUsage.rss();
    if (now - toldAt >= EVERY_MS) {
      toldAt = now;
      const figures = figuresOf(totals, (now - startedAt) / 1000);
      write(`  ${scope}: ${figures}, ${(bytes / GIB).toFixed(1)} GiB\n`);
    }
    if (bytes < maxGib * GIB) return 'go on';
    write(`  ${scope}: stopped at ${maxGib} GiB\n`);
    return 'stop';
  };
}

/** The line of a scope, what it never reached, and the transcript of what it found. */
export function reportText(report: Report, about: string): string {
  const { missed, finding } = report;
  const lines = [`${lineOf(report)}  ${about}`];
  if (missed.length > 0 && finding === undefined) lines.push(`  NEVER REACHED: ${missed.join(', ')}`);
  if (finding !== undefined) lines.push('', finding.transcript);
  return `${lines.join('\n')}\n`;
}

function figuresOf({ states, explored, depth }: Totals, seconds: number): string {
  const waiting = states - explored;
  return `${grouped(states)} states, depth ${depth}, ${grouped(waiting)} to be explored, ${grouped(states / seconds)} states/s`;
}

function lineOf(report: Report): string {
  const { scope, states, transitions, depth, seconds, isComplete, finding } = report;
  const verdict = finding !== undefined ? finding.property : isComplete ? 'complete' : 'bounded';
  return [
    scope.padEnd(16),
    `${grouped(states)} states`.padStart(18),
    `${grouped(transitions)} transitions`.padStart(24),
    `depth ${depth}`.padStart(9),
    `${seconds.toFixed(1)} s`.padStart(9),
    `${grouped(states / seconds)}/s`.padStart(11),
    ` ${verdict.padEnd(9)}`,
  ].join('');
}

export function sumOf(reports: readonly Report[]): string {
  const states = reports.reduce((sum, report) => sum + report.states, 0);
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0);
  const complete = reports.filter(({ isComplete }) => isComplete).length;
  const deepest = Math.max(0, ...reports.map(({ depth }) => depth));
  const findings = reports.filter(({ finding }) => finding !== undefined).length;
  const hollow = reports.filter(({ finding, missed }) => finding === undefined && missed.length > 0).length;
  const verdict =
    findings > 0
      ? `${findings} violations`
      : hollow > 0
        ? `${hollow} scopes never reached what they must`
        : 'all properties hold';
  return (
    `${grouped(states)} unique states in ${reports.length} scopes, ${complete} of them complete, depth ${deepest}, ` +
    `${seconds.toFixed(1)} s, ${grouped(states / Math.max(seconds, 0.001))} states/s: ${verdict}`
  );
}

/** With commas between thousands. */
function grouped(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
