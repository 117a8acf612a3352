/**
 * PostgreSQL: SQL that ends with a semicolon, over as many lines as it takes; rows as tables, other commands by their tag.
 */
import { formatValue } from '@quorate/core/ports';
import { decodeUtf8, encodeUtf8 } from '@quorate/wire';
import { NIL_TEXT, valueForTerminal } from '../../output/value.ts';
import type { ReplFace } from './face.ts';
import { endsWithSemicolon } from './sql-end.ts';

/** What the backend says of one statement, as far as it is shown. */
type SqlResult = {
  readonly command: string;
  readonly rowCount: number | null;
  readonly fields?: readonly { readonly name: string; readonly type: string }[];
  readonly rows?: readonly (readonly (string | null)[])[];
};

const WORDS = `alter and as begin between by case column commit create default delete desc distinct drop else end exists false from
group having in index insert into is join left like limit not null on or order primary key references returning select set sum table
then true truncate union unique update using values view when where with`;

const NUMERIC = /^(?:int|float|numeric|oid|money)/;

export const POSTGRES_FACE: ReplFace = {
  words: WORDS.split(/\s+/).flatMap((word) => [`${word} `, `${word.toUpperCase()} `]),
  help: `SQL, ended by a semicolon; it may go over several lines. Several statements in one go are one transaction:
  CREATE TABLE t (id int PRIMARY KEY, name text);
  INSERT INTO t VALUES (1, 'ann'); UPDATE t SET name = 'bob' WHERE id = 1;
  SELECT * FROM t ORDER BY id;
With parameters, as one line of JSON: {"sql": "INSERT INTO t VALUES ($1, $2)", "params": [2, "eve"]}
There is no \\d as in psql: SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 't';
`,
  isComplete: (text) => isJsonOrPsql(text) || endsWithSemicolon(text),
  forTerminal: shown,
  forPipe: shown,
};

/** Neither has a semicolon at its end. A command of psql is sent as well, for the backend to say that it is no SQL. */
function isJsonOrPsql(text: string): boolean {
  if (text.startsWith('\\')) return true;
  if (!text.startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function shown(value: Uint8Array | null): string {
  if (value === null) return NIL_TEXT;
  const results = resultsIn(value);
  return results === undefined ? valueForTerminal(value) : results.map(showOne).join('\n');
}

/** Undefined when it is no result of SQL. */
function resultsIn(value: Uint8Array): readonly SqlResult[] | undefined {
  try {
    const parsed = JSON.parse(decodeUtf8(value)) as SqlResult | { readonly results: readonly SqlResult[] };
    const results = 'results' in parsed ? parsed.results : [parsed];
    return results.every(({ command }) => typeof command === 'string') ? results : undefined;
  } catch {
    return undefined;
  }
}

function showOne({ command, rowCount, fields, rows }: SqlResult): string {
  if (fields === undefined) {
    if (rowCount === null) return command;
    return command === 'INSERT' ? `INSERT 0 ${rowCount}` : `${command} ${rowCount}`;
  }
  return tableOf(fields, rows ?? []);
}

function tableOf(fields: NonNullable<SqlResult['fields']>, rows: NonNullable<SqlResult['rows']>): string {
  const names = fields.map(({ name }) => printable(name));
  const cells = rows.map((row) => row.map((cell) => (cell === null ? '' : printable(cell))));
  const widths = names.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = fields.map(({ type }) => NUMERIC.test(type));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return isNumber[column] === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(' | ')
      .trimEnd();
  const head = names
    .map((name, column) => name.padEnd(widths[column] ?? 0))
    .join(' | ')
    .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-');
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`;
  return [` ${head}`, `-${rule}-`, ...cells.map((row) => ` ${line(row)}`), count].join('\n');
}

/** One line in which nothing moves the cursor; an empty text stays empty. */
function printable(text: string): string {
  return text === '' ? '' : formatValue(encodeUtf8(text));
}
