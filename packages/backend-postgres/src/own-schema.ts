/**
 * The schema `quorate`: what the framework keeps beside the data, in the same database and the same transactions.
 *
 *   quorate.mark        one row: how far the data has got, the results of the last batch, the catalog epoch, and which
 *                       commands were left out (`refused-commands.ts`)
 *   quorate.records     system records of the framework
 *   quorate.sequences   the truth about sequences, which PostgreSQL itself does not keep transactional
 *   quorate.flushes     one row, written and flushed to have everything before it flushed
 *   quorate.guard()     trigger function that refuses writers other than this backend
 */
import {
  type AppliedMark,
  asSlot,
  BackendDiverged,
  type BackendImage,
  type SystemRecord,
} from '@quorate/core/ports';
import { ByteReader, ByteWriter, type Result, readResult, writeResult } from '@quorate/wire';
import type { Session, Value } from './session.ts';

const FORMAT = 1;

/** Set on purpose by the backend's sessions; see `PINNED_SETTINGS`. */
const IS_STRANGER = `current_setting('quorate.applier', true) IS DISTINCT FROM 'on'`;

export const OWN_SCHEMA_SQL: string = `
CREATE TABLE quorate.mark (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  format integer NOT NULL,
  cluster_id text,
  cluster_group bigint NOT NULL,
  slot bigint NOT NULL,
  digest text NOT NULL,
  catalog_epoch bigint NOT NULL,
  results bytea NOT NULL,
  refused text NOT NULL DEFAULT ''
) WITH (fillfactor = 10);
CREATE TABLE quorate.records (key text COLLATE "C" PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE quorate.sequences (name text COLLATE "C" PRIMARY KEY, last_value bigint NOT NULL, is_called boolean NOT NULL);
CREATE TABLE quorate.flushes (one boolean PRIMARY KEY DEFAULT true CHECK (one), count bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO quorate.mark VALUES (true, ${FORMAT}, NULL, 0, 0, '', 0, '');
INSERT INTO quorate.flushes VALUES (true, 0);
CREATE FUNCTION quorate.guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  RAISE EXCEPTION 'table %.% is replicated by Quorate: a change made here would be on this server only', TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'Give the statement to the cluster: npx quorate exec, the REPL, or a client.';
END $guard$;
`;

/** Refuses strangers; costs one look at a setting for each statement, the function runs for a stranger only. */
export function guardTriggerSql(table: string): string {
  return (
    `CREATE TRIGGER quorate_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table} ` +
    `FOR EACH STATEMENT WHEN (${IS_STRANGER}) EXECUTE FUNCTION quorate.guard();` +
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER quorate_guard;`
  );
}

export type StoredState = BackendImage & {
  readonly catalogEpoch: number;
  /** Names of commands that were left out, separated by blanks. */
  readonly refused: string;
};

export type StoredMark = {
  readonly mark: AppliedMark | undefined;
  readonly catalogEpoch: number;
};

const MARK_COLUMNS = 'cluster_id, cluster_group, slot, digest, catalog_epoch, format';

export const READ_MARK: string = `SELECT ${MARK_COLUMNS} FROM quorate.mark`;
/** Also locks the row, so that a session of a node that was believed dead cannot write between. */
export const LOCK_MARK: string = `SELECT ${MARK_COLUMNS} FROM quorate.mark FOR UPDATE`;

export function markOf(row: readonly Value[] | undefined): StoredMark {
  const [clusterId, group, slot, digest, epoch, format] = row ?? [];
  if (row === undefined) throw new BackendDiverged('the row of quorate.mark is gone');
  if (Number(format) !== FORMAT)
    throw new BackendDiverged(`schema quorate has format ${format}; this build knows ${FORMAT}`);
  const mark =
    typeof clusterId === 'string'
      ? { clusterId, group: Number(group), slot: asSlot(Number(slot)), digest: String(digest) }
      : undefined;
  return { mark, catalogEpoch: Number(epoch) };
}

/** Everything that the framework keeps here, as one transaction sees it. */
export async function readState(session: Session): Promise<StoredState> {
  const marks = await session.ask(`SELECT ${MARK_COLUMNS}, results, refused FROM quorate.mark`);
  const records = await session.ask('SELECT key, value FROM quorate.records');
  const row = marks.rows[0];
  const results = row?.[6] ?? '\\x';
  return {
    ...markOf(row),
    refused: row?.[7] ?? '',
    records: records.rows.map(([key, value]) => ({ key: key ?? '', value: bytesOf(value ?? '\\x') })),
    lastResults: decodeResults(bytesOf(results)),
  };
}

export const WRITE_MARK: string =
  'UPDATE quorate.mark SET cluster_id = $1, cluster_group = $2, slot = $3, digest = $4, catalog_epoch = $5, results = $6';

export const WRITE_REFUSED = 'UPDATE quorate.mark SET refused = $1';

export function markParams(
  mark: AppliedMark | undefined,
  epoch: number,
  results: readonly Result[],
): Value[] {
  const { clusterId = null, group = 0, slot = 0, digest = '' } = mark ?? {};
  return [clusterId, String(group), String(slot), digest, String(epoch), hexOf(encodeResults(results))];
}

export const UPSERT_RECORDS: string =
  'INSERT INTO quorate.records SELECT * FROM unnest($1::text[], $2::bytea[]) ' +
  'ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value';
export const DELETE_RECORDS: string = 'DELETE FROM quorate.records WHERE key = ANY ($1::text[])';

/** Parameters of the two statements; undefined where there is nothing to do. */
export function recordParams(records: readonly SystemRecord[]): {
  readonly upsert: Value[] | undefined;
  readonly remove: Value[] | undefined;
} {
  const last = new Map(records.map(({ key, value }) => [key, value]));
  const kept = [...last].filter((entry): entry is [string, Uint8Array] => entry[1] !== null);
  const gone = [...last].filter(([, value]) => value === null).map(([key]) => key);
  return {
    upsert:
      kept.length === 0
        ? undefined
        : [arrayOf(kept.map(([key]) => key)), arrayOf(kept.map(([, value]) => hexOf(value)))],
    remove: gone.length === 0 ? undefined : [arrayOf(gone)],
  };
}

/** An array literal of texts. */
export function arrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

export function hexOf(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/** Of a bytea value as text. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));
}

function encodeResults(results: readonly Result[]): Uint8Array {
  if (results.length === 0) return new Uint8Array(0);
  const out = new ByteWriter(1024);
  out.u32(results.length);
  for (const result of results) writeResult(out, result);
  return out.bytes();
}

function decodeResults(bytes: Uint8Array): Result[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  const results: Result[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const result = readResult(reader);
    results.push(result.ok && result.value !== null ? { ok: true, value: result.value.slice() } : result);
  }
  reader.end();
  return results;
}
