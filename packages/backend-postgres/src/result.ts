/**
 * Results of statements as the bytes of a `Result`: JSON, the same on every replica.
 *
 *   one statement       {"command":"INSERT","rowCount":1}
 *   with rows           {"command":"SELECT","rowCount":2,"fields":[{"name":"id","type":"int4"}],"rows":[["1"],[null]]}
 *   several statements  {"results":[ ... one of these for each ... ]}
 *
 * Values are the texts that PostgreSQL prints, exact for every type, or null.
 */
import type { Result } from '@quorate/wire';
import type { Reply, Value } from './session.ts';

const MAX_WRITE_RESULT_BYTES = 1024 * 1024;
const MIN_WRITE_RESULT_BYTES = 16 * 1024;
/** All results of a batch are stored in one row. */
const MAX_BATCH_RESULT_BYTES = 64 * 1024 * 1024;

/**
 * What the rows of one command that writes may take, when so many share a batch; a command with more is refused. The same on
 * every replica, because the batch is.
 */
export function maxWriteResult(commands: number): number {
  const share = Math.floor(MAX_BATCH_RESULT_BYTES / commands);
  return Math.min(MAX_WRITE_RESULT_BYTES, Math.max(MIN_WRITE_RESULT_BYTES, share));
}

/** Of the rows of one command that reads. */
export const MAX_READ_RESULT_BYTES: number = 4 * 1024 * 1024;

export type SqlResult = {
  readonly command: string;
  readonly rowCount: number | null;
  readonly fields?: readonly { readonly name: string; readonly type: string }[];
  readonly rows?: readonly (readonly (string | null)[])[];
};

const encoder = new TextEncoder();
/** Commands that give their rows in the order in which rows happen to lie in the table. */
const UNORDERED = new Set(['UPDATE', 'DELETE', 'MERGE']);

/** `typeName` knows the types that come with the server; oids of others differ between replicas. */
export function resultOf(replies: readonly Reply[], typeName: (id: number) => string | undefined): Result {
  const results = replies.map((reply): SqlResult => {
    const { command, rowCount, fields, rows } = reply;
    if (fields.length === 0) return { command, rowCount };
    return {
      command,
      rowCount,
      fields: fields.map(({ name, typeId }) => ({ name, type: typeName(typeId) ?? 'other' })),
      rows: UNORDERED.has(command) ? sorted(rows) : rows,
    };
  });
  const value = results.length === 1 ? results[0] : { results };
  return { ok: true, value: encoder.encode(JSON.stringify(value)) };
}

/** The results of the statements of one command, in order. Throws when the bytes are not from here. */
export function readSqlResult(value: Uint8Array): SqlResult[] {
  const parsed = JSON.parse(new TextDecoder().decode(value)) as SqlResult | { readonly results: SqlResult[] };
  return 'results' in parsed ? parsed.results : [parsed];
}

export function tooLarge(limit: number): Result {
  return {
    ok: false,
    code: 'RESULT_TOO_LARGE',
    message: `the rows are more than ${limit} bytes: ask for fewer with WHERE, LIMIT or fewer columns`,
  };
}

function sorted(rows: readonly (readonly Value[])[]): readonly (readonly Value[])[] {
  if (rows.length < 2) return rows;
  return rows
    .map((row) => ({ key: JSON.stringify(row), row }))
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
    .map(({ row }) => row);
}
