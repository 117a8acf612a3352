/**
 * PostgreSQL's own grammar, compiled to WebAssembly. Loaded once; afterwards everything here is synchronous.
 * A grammar that failed in any way but a syntax error is not used again for that text: the statement is refused.
 */
import { cutText } from '@quorate/core/ports';
import { hasSqlDetails, loadModule, parsePlPgSQLSync, parseSync, scanSync } from 'libpg-query';
import { BoundedCache } from './bounded-cache.ts';
import { Refusal, refuse } from './refusal.ts';
import { isNode, lift, type SqlNode } from './tree.ts';

/** Of one command's text, in UTF-16 units; PARSE above it. */
export const MAX_SQL_LENGTH: number = 1024 * 1024;
/** Open parentheses, brackets and CASEs at a time: the grammar's own stack must hold them. */
export const MAX_NESTING = 200;

export type GrammarStatement = {
  /** The text of this statement alone, without the semicolon. */
  readonly sql: string;
  readonly tree: SqlNode;
};

export type Token = {
  readonly text: string;
  readonly name: string;
  /** Bytes of UTF-8 from the beginning of the text; `end` exclusive. */
  readonly start: number;
  readonly end: number;
};

let isLoaded = false;

/** Before the first call of anything else here. May be called again. */
export async function loadGrammar(): Promise<void> {
  await loadModule();
  isLoaded = true;
}

const MAX_CACHED_STATEMENTS = 1000;
const MAX_CACHED_LENGTH = 4096;
const statements = new BoundedCache<readonly GrammarStatement[]>(MAX_CACHED_STATEMENTS);

/** The statements of a text, empty ones left out. @throws Refusal with the place and a caret */
export function parseStatements(sql: string): readonly GrammarStatement[] {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const parsed = readStatements(sql);
  if (sql.length <= MAX_CACHED_LENGTH) statements.set(sql, parsed);
  return parsed;
}

/** @throws Refusal unless the text is exactly one statement */
export function parseOne(sql: string): SqlNode {
  const [only, ...others] = parseStatements(sql);
  if (only === undefined || others.length > 0)
    refuse(`${others.length === 0 ? 'no' : others.length + 1} statements where one is expected`, 'give one');
  return only.tree;
}

function readStatements(sql: string): readonly GrammarStatement[] {
  assertBounds(sql);
  if (sql.trim() === '') return [];
  const result = guarded(sql, () => parseSync(sql));
  const bytes = Buffer.from(sql, 'utf8');
  return (result.stmts ?? []).map((raw) => {
    const from = raw.stmt_location ?? 0;
    const to = raw.stmt_len === undefined || raw.stmt_len === 0 ? bytes.length : from + raw.stmt_len;
    const slice = bytes.toString('utf8', from, to);
    const lead = slice.length - slice.trimStart().length;
    const tree = lift(raw.stmt, '');
    if (!isNode(tree)) return refuse('the grammar gave no statement', 'write it in another way');
    return { sql: slice.trim(), tree: moved(tree, from + Buffer.byteLength(slice.slice(0, lead))) };
  });
}

/** Locations count from the beginning of the whole text; here they shall count from the statement's own. */
function moved(node: SqlNode, by: number): SqlNode {
  if (by === 0) return node;
  const copy: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(node)) {
    if (Array.isArray(value))
      copy[field] = value.map((item: unknown) => (isNode(item) ? moved(item, by) : item));
    else if (isNode(value)) copy[field] = moved(value, by);
    else copy[field] = field === 'location' && typeof value === 'number' && value >= 0 ? value - by : value;
  }
  return copy as SqlNode;
}

/** Words, signs and literals in order; comments left out. @throws Refusal */
export function tokensOf(sql: string): readonly Token[] {
  assertBounds(sql);
  const { tokens } = guarded(sql, () => scanSync(sql));
  return tokens
    .filter((token) => !token.tokenName.endsWith('COMMENT'))
    .map(({ text, tokenName, start, end }) => ({ text, name: tokenName, start, end }));
}

/** The body of a function in PL/pgSQL, from its whole CREATE FUNCTION. @throws Refusal */
export function parsePlPgSql(createFunction: string): unknown {
  assertBounds(createFunction);
  const result: unknown = guarded(createFunction, () => parsePlPgSQLSync(createFunction));
  return result;
}

function assertBounds(sql: string): void {
  if (!isLoaded) throw new Error('loadGrammar() was not awaited before the first statement');
  if (sql.length > MAX_SQL_LENGTH)
    refuse(
      `${sql.length} characters of SQL are over the limit of ${MAX_SQL_LENGTH}`,
      'use parameters or split',
    );
  if (sql.includes('\0')) refuse('SQL cannot contain a zero byte', 'remove it');
  let open = 0;
  for (const [sign] of sql.matchAll(/[()[\]]|\bcase\b|\bend\b|\b(?:select|not)\b/gi)) {
    if (sign === '(' || sign === '[' || sign.toLowerCase() === 'case') open += 1;
    else if (sign === ')' || sign === ']' || sign.toLowerCase() === 'end') open = Math.max(0, open - 1);
    if (open > MAX_NESTING) refuse(`more than ${MAX_NESTING} parentheses are open at once`, 'simplify');
  }
}

function guarded<T>(sql: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (hasSqlDetails(error) && error.sqlDetails !== undefined)
      return refuse(at(sql, error.sqlDetails.message, error.sqlDetails.cursorPosition), '');
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown trouble';
    return refuse(`PostgreSQL's grammar cannot read it: ${cutText(message, 200)}`, 'correct the SQL');
  }
}

const MAX_SHOWN = 72;

/** Message, line and column, the line itself and a caret below the place. `position` in characters from 0. */
function at(sql: string, message: string, position: number): string {
  const place = Math.max(0, Math.min(position, sql.length));
  const lineStart = sql.lastIndexOf('\n', place - 1) + 1;
  const lineEnd = sql.indexOf('\n', place);
  const line = sql.slice(lineStart, lineEnd === -1 ? sql.length : lineEnd);
  const number = sql.slice(0, lineStart).split('\n').length;
  const column = place - lineStart;
  const from = Math.max(0, column - MAX_SHOWN / 2);
  const shown = line.slice(from, from + MAX_SHOWN).replaceAll('\t', ' ');
  return `${message}, line ${number}, column ${column + 1}\n  ${shown}\n  ${' '.repeat(column - from)}^`;
}
