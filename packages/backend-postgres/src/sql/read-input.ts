/**
 * What people and programs send, read into a command. Three forms:
 *
 *   text       insert into t values (1); insert into t values (2)      statements, together one atomic command
 *   JSON       {"sql": "... $1 ...", "params": ["x", 5, true, null]}   or {"statements": [{"sql", "params"}, ...]}
 *   arguments  the statement, then one argument per parameter          UTF-8, no NULL
 *
 * Total: whatever comes in, a command or an error for people comes out. Reads only the text; whether a write is
 * deterministic is asked by `prepare`, which knows the catalog.
 */
import type { Parsed } from '@quorate/core/ports';
import { type CommandInput, decodeArguments, QuorateError } from '@quorate/wire';
import type { SqlCommand, SqlStatement } from './command.ts';
import { parseStatements } from './grammar.ts';
import { Refusal, refuse } from './refusal.ts';
import { statementKind } from './statement-kind.ts';
import { namesOf, type SqlNode, walk } from './tree.ts';

/** Of one command; PARSE above it. */
export const MAX_STATEMENTS = 1000;
/** Of one statement: PostgreSQL counts them in 16 bits. Some are kept for frozen values. */
export const MAX_PARAMS = 65_000;

/** Names of functions that may write, so that `SELECT name()` goes into the log. Known only after the catalog was read. */
export type WritingFunctions = ReadonlySet<string>;

export function parseCommand(
  input: CommandInput,
  writingFunctions: WritingFunctions = new Set(),
): Parsed<SqlCommand> {
  try {
    return accept(readInput(input), writingFunctions);
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: error.message };
    if (error instanceof QuorateError) return { ok: false, error: error.message };
    throw error;
  }
}

function readInput(input: CommandInput): readonly SqlStatement[] {
  if (input.form === 'arguments') return readArguments(decodeArguments(input.bytes));
  if (input.text.trimStart().startsWith('{')) return readJson(input.text);
  return parseStatements(input.text).map(({ sql }) => ({ sql, params: [] }));
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function readArguments(parts: readonly Uint8Array[]): readonly SqlStatement[] {
  const [sql, ...params] = parts.map((part, index) => {
    try {
      return strictUtf8.decode(part);
    } catch {
      return refuse(`argument ${index + 1} is not UTF-8`, "pass bytes as text such as '\\x0a0b' for bytea");
    }
  });
  if (sql === undefined) return [];
  if (params.length === 0 && sql.trimStart().startsWith('{')) return readJson(sql);
  return single(sql, params);
}

function readJson(text: string): readonly SqlStatement[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(
      `not JSON: ${error instanceof Error ? error.message : ''}`,
      'give {"sql": "...", "params": [...]}',
    );
  }
  const fields = objectOf(value, 'the command', ['sql', 'params', 'statements']);
  if (!Array.isArray(fields['statements'])) return readJsonStatement(value, ['sql', 'params']);
  if (fields['sql'] !== undefined || fields['params'] !== undefined)
    refuse('"statements" and "sql" exclude each other', 'give one of them');
  return fields['statements'].flatMap((item: unknown) => readJsonStatement(item, ['sql', 'params']));
}

function readJsonStatement(value: unknown, keys: readonly string[]): readonly SqlStatement[] {
  const { sql, params = [] } = objectOf(value, 'a statement', keys);
  if (typeof sql !== 'string') return refuse('"sql" is not a text', 'give {"sql": "...", "params": [...]}');
  if (!Array.isArray(params)) return refuse('"params" is not a list', 'give {"sql": "...", "params": [...]}');
  return single(sql, params.map(paramText));
}

function objectOf(value: unknown, what: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(`${what} is not an object`, 'give {"sql": "...", "params": [...]}');
  const extra = Object.keys(value).find((key) => !keys.includes(key));
  if (extra !== undefined)
    refuse(`${what} has an unknown key ${JSON.stringify(extra)}`, `use ${keys.join(', ')}`);
  return value as Record<string, unknown>;
}

/** PostgreSQL's text format. Numbers that JSON has already rounded are refused. */
function paramText(value: unknown, index: number): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      refuse(
        `parameter ${index + 1} is a number that JSON cannot carry exactly`,
        'write it as a text: "..."',
      );
    return String(value);
  }
  return refuse(
    `parameter ${index + 1} is a list or an object`,
    'write it as a text: JSON as text, arrays as {...}',
  );
}

function single(sql: string, params: readonly (string | null)[]): readonly SqlStatement[] {
  const parsed = parseStatements(sql);
  const [only] = parsed;
  if (only === undefined) return [];
  if (parsed.length === 1) return [{ sql: only.sql, params }];
  if (params.length > 0)
    refuse(
      `${parsed.length} statements share one list of parameters`,
      'give {"statements": [{"sql", "params"}, ...]}',
    );
  return parsed.map((statement) => ({ sql: statement.sql, params: [] }));
}

function accept(statements: readonly SqlStatement[], writingFunctions: WritingFunctions): Parsed<SqlCommand> {
  if (statements.length === 0) refuse('no statement', 'give SQL, for instance: select 1');
  if (statements.length > MAX_STATEMENTS)
    refuse(
      `${statements.length} statements are over the limit of ${MAX_STATEMENTS}`,
      'send several commands',
    );
  const trees = statements.map((statement) => {
    const [parsed] = parseStatements(statement.sql);
    if (parsed === undefined) return refuse('no statement', 'give SQL, for instance: select 1');
    assertParams(statement, parsed.tree);
    return parsed.tree;
  });
  const kinds = trees.map((tree) => {
    const kind = statementKind(tree);
    return kind === 'read' && callsAny(tree, writingFunctions) ? 'rows' : kind;
  });
  const isRead = kinds.every((kind) => kind === 'read');
  const isDdl = kinds.includes('schema');
  if (isDdl && kinds.some((kind) => kind !== 'schema'))
    refuse(
      'the command changes the schema and does something else as well',
      'send the schema changes as a command of their own, first',
    );
  if (!isRead && trees.some((tree) => tree.kind === 'ExplainStmt' || tree.kind === 'VariableShowStmt'))
    refuse('EXPLAIN and SHOW tell about one server', 'send them alone');
  return {
    ok: true,
    access: isRead ? 'read' : 'write',
    command: { statements, ...(isDdl && { isDdl: true }) },
  };
}

function callsAny(tree: SqlNode, names: WritingFunctions): boolean {
  let found = false;
  if (names.size > 0 && tree.kind === 'SelectStmt')
    walk(tree, (node) => {
      if (node.kind === 'FuncCall') found ||= names.has(namesOf(node, 'funcname').at(-1) ?? '');
      return undefined;
    });
  return found;
}

/** A wrong number would be refused by the server's protocol, not by the statement, and so could look like trouble. */
function assertParams({ params }: SqlStatement, tree: SqlNode): void {
  let highest = 0;
  walk(tree, (node) => {
    if (node.kind === 'ParamRef') highest = Math.max(highest, Number(node['number'] ?? 0));
    return undefined;
  });
  if (highest > MAX_PARAMS) refuse(`$${highest} is over the limit of ${MAX_PARAMS} parameters`, 'use fewer');
  if (highest !== params.length)
    refuse(
      `the statement uses ${highest === 0 ? 'no parameters' : `parameters up to $${highest}`} and ${params.length} were given`,
      'give as many as the highest $n',
    );
  const broken = params.findIndex((value) => value?.includes('\0') === true);
  if (broken !== -1)
    refuse(`parameter ${broken + 1} has a zero byte`, 'PostgreSQL cannot store it in a text: remove it');
}
