/**
 * The text of a config file with the position of everything in it, and messages that point there:
 *
 *   config.yaml:8:1: heartbeatMS: unknown key
 *       8 | heartbeatMS: 100
 *         | ^
 *       did you mean heartbeatMs?
 *
 * Leaves to others: reading the file (`yaml-file.ts`), what is wrong (`load.ts`, `self.ts`).
 */
import { type ErrorDetails, QuorateError } from '@quorate/wire';

/** Both count from 1. */
export type Position = { readonly line: number; readonly column: number };

export type ConfigSource = {
  /** Absolute. */
  readonly path: string;
  /** As the person named it; what messages show. */
  readonly name: string;
  readonly text: string;
  /** Where each value begins, by its path: `addrs`, `addrs.0`, `backendOptions.url`. */
  readonly values: ReadonlyMap<string, Position>;
  /** Where each key begins, by the path of its value. */
  readonly keys: ReadonlyMap<string, Position>;
};

export type Problem = {
  /** Where, within the source; undefined for something that stands nowhere in the file. */
  readonly position: Position | undefined;
  /** What it is about, for instance a key or `environment QUORATE_ADDRS`; undefined when `what` says it all. */
  readonly subject: string | undefined;
  readonly what: string;
  /** What to do about it. */
  readonly hint: string | undefined;
};

/** Further problems are counted, not shown. */
const MAX_PROBLEMS_SHOWN = 10;
const MAX_EXCERPT_CHARS = 100;

/** The position of a value, or of the nearest thing around it. */
export function positionOf(source: ConfigSource | undefined, path: string): Position | undefined {
  for (let at = path; ; ) {
    const position = source?.values.get(at) ?? source?.keys.get(at);
    if (position !== undefined || at === '') return position;
    at = at.includes('.') ? at.slice(0, at.lastIndexOf('.')) : '';
  }
}

/** One error for all problems, in the order in which they stand in the file. `problems` is not empty. */
export function configError(source: ConfigSource | undefined, problems: readonly Problem[]): QuorateError {
  const sorted = problems.toSorted((left, right) => order(left) - order(right));
  const blocks = sorted.slice(0, MAX_PROBLEMS_SHOWN).map((problem) => describeProblem(source, problem));
  if (sorted.length > MAX_PROBLEMS_SHOWN)
    blocks.push(`and ${sorted.length - MAX_PROBLEMS_SHOWN} more problems`);
  return new QuorateError('CONFIG_INVALID', blocks.join('\n'), { details: detailsOf(source, sorted[0]) });
}

export function describeProblem(source: ConfigSource | undefined, problem: Problem): string {
  const { position, subject, what, hint } = problem;
  const lines: string[] = [];
  const place =
    source === undefined || (position === undefined && subject !== undefined)
      ? ''
      : `${source.name}${suffix(position)}: `;
  lines.push(`${place}${subject === undefined ? '' : `${subject}: `}${what}`);
  if (source !== undefined && position !== undefined) lines.push(...excerpt(source.text, position));
  if (hint !== undefined) lines.push(`    ${hint}`);
  return lines.join('\n');
}

/** The line and a caret below the column. Long lines are cut around it, tabs are kept so that the caret lines up. */
function excerpt(text: string, { line, column }: Position): string[] {
  const whole = text.split(/\r?\n/)[line - 1] ?? '';
  const from = column > MAX_EXCERPT_CHARS ? column - MAX_EXCERPT_CHARS / 2 : 0;
  const shown = printable(whole.slice(from, from + MAX_EXCERPT_CHARS));
  const pad = shown.slice(0, Math.max(0, column - 1 - from)).replaceAll(/[^\t]/g, ' ');
  const gutter = String(line).padStart(5);
  return [`${gutter} | ${shown}`, `${' '.repeat(gutter.length)} | ${pad}^`];
}

/** Control characters of a file must not reach a terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\t\P{C}]/gu, '?');
}

function suffix(position: Position | undefined): string {
  return position === undefined ? '' : `:${position.line}:${position.column}`;
}

function order({ position }: Problem): number {
  return position === undefined ? Number.MAX_SAFE_INTEGER : position.line * 1_000_000 + position.column;
}

function detailsOf(source: ConfigSource | undefined, problem: Problem | undefined): ErrorDetails {
  const position = problem?.position;
  return {
    ...(source === undefined ? {} : { file: source.name }),
    ...(position === undefined ? {} : { line: position.line, column: position.column }),
  };
}
