/**
 * Takes a snapshot of the whole database while batches go on being applied.
 *
 * One transaction with a snapshot of its own sees the state at one slot. It writes everything into a file of the node's
 * directory and ends; the chunks are read from the file. So the server is held for as long as copying takes, however
 * slowly the chunks are fetched. The node needs as much free disk as the data take as text.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asSlot, type BackendSnapshot, BackendUnavailable } from '@quorate/core/ports';
import { readState } from '../own-schema.ts';
import { NOT_OF_EXTENSION, USER_SCHEMA } from '../schema-parts.ts';
import { type Session, troubleOf, type Value } from '../session.ts';
import { bytesAt, FRAME, FrameWriter } from './frames.ts';
import { encodeHeader, type SnapshotHeader } from './header.ts';
import { dumpSchema } from './pg-dump.ts';

const CHUNK_BYTES = 256 * 1024;

export type TakeOptions = {
  /** Not pipelined, and nobody else's. Closed when the file is written. */
  readonly session: Session;
  readonly directory: string;
  readonly url: string;
  readonly pgDump: string | undefined;
  readonly serverMajor: number;
};

export type TakenSnapshot = {
  readonly snapshot: BackendSnapshot;
  /** Ends when the schema is read: until then no change of the schema may be applied. Never rejects. */
  readonly schemaRead: Promise<void>;
  /** Ends when the data are in the file: until then tables are locked against changes of the schema. Never rejects. */
  readonly copied: Promise<void>;
  /** Gives the copying up; reading the chunks then fails. */
  readonly cancel: (why: string) => void;
};

type Table = { readonly name: string; readonly columns: string };

const SCHEMAS = `SELECT nspname FROM pg_namespace n WHERE ${USER_SCHEMA} ORDER BY nspname COLLATE "C"`;
/** Ordinary tables, partitions included, with the columns that are not computed. */
const TABLES = `
SELECT format('%I.%I', n.nspname, c.relname),
  (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
   WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND ${USER_SCHEMA} AND ${NOT_OF_EXTENSION} ORDER BY c.oid`;

/** Begins; the caller sees to it that no batch is being applied until this is done. @throws BackendUnavailable */
export async function takeSnapshot(options: TakeOptions): Promise<TakenSnapshot> {
  const { session } = options;
  try {
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const state = await readState(session);
    const schemas = (await session.ask(SCHEMAS)).rows.map(([name]) => name ?? '');
    const sequences = (await session.ask('SELECT name, last_value, is_called FROM quorate.sequences')).rows;
    const tables = (await session.ask(TABLES)).rows.map(tableOf);
    if (tables.length > 0)
      await session.run(`LOCK TABLE ${tables.map(({ name }) => name).join(', ')} IN ACCESS SHARE MODE`);
    const exported = (await session.ask('SELECT pg_export_snapshot()')).rows[0]?.[0] ?? '';
    const { mark, records, lastResults, catalogEpoch, refused } = state;
    const { serverMajor } = options;
    const image = { mark, records, lastResults };
    return spool(
      options,
      { image, catalogEpoch, serverMajor, schemas, refused, sequences },
      tables,
      exported,
    );
  } catch (error) {
    session.abandon();
    throw troubleOf(error, 'cannot take a snapshot');
  }
}

function tableOf([name, columns]: readonly Value[]): Table {
  return { name: name ?? '', columns: columns ?? '' };
}

function spool(
  options: TakeOptions,
  header: SnapshotHeader,
  tables: readonly Table[],
  exported: string,
): TakenSnapshot {
  const { session, directory, serverMajor, url, pgDump: program } = options;
  const path = join(directory, `snapshot-${randomUUID()}.tmp`);
  const abort = new AbortController();
  const { signal } = abort;
  let givenUp: Error | undefined;
  const opening = openNameless(path);
  const dump = dumpSchema({ program, serverMajor, url, snapshot: exported, schemas: header.schemas, signal });
  const write = async (): Promise<void> => {
    try {
      const frames = await FrameWriter.begin(await opening);
      const { before, after } = await dump;
      await frames.frame(FRAME.header, encodeHeader(header));
      await frames.frame(FRAME.before, Buffer.from(before));
      for (const table of tables) await copyTable(session, frames, table);
      await frames.frame(FRAME.after, Buffer.from(after));
      await frames.end();
    } catch (error) {
      givenUp ??= troubleOf(error, 'the snapshot was not finished');
    } finally {
      await session.close();
    }
  };
  const writing = write();

  const cancel = (why: string): void => {
    givenUp ??= new BackendUnavailable(`the snapshot was given up: ${why}`);
    abort.abort();
    session.abandon();
  };
  let releasing: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    cancel('it was released');
    await writing;
    await opening.then((file) => file.close()).catch(() => undefined);
  };
  return {
    snapshot: {
      slot: header.image.mark?.slot ?? asSlot(0),
      chunks: chunksOf(opening, async () => {
        await writing;
        if (givenUp !== undefined) throw givenUp;
      }),
      release: () => (releasing ??= release()),
    },
    schemaRead: dump.then(
      () => undefined,
      () => undefined,
    ),
    copied: writing,
    cancel,
  };
}

/** A file that is gone as soon as it is closed, also when the process is killed. */
async function openNameless(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  return file;
}

async function copyTable(session: Session, frames: FrameWriter, { name, columns }: Table): Promise<void> {
  await frames.frame(FRAME.table, Buffer.from(JSON.stringify({ name, columns })));
  if (columns === '') return;
  const rows = session.copyOut(`COPY (SELECT ${columns} FROM ONLY ${name}) TO STDOUT`);
  for await (const piece of rows) await frames.frame(FRAME.rows, piece as Uint8Array);
}

async function* chunksOf(
  opening: Promise<FileHandle>,
  written: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const file = await opening;
  try {
    await written();
    const { size } = await file.stat();
    for (let at = 0; at < size; at += CHUNK_BYTES) yield bytesAt(file, at, Math.min(CHUNK_BYTES, size - at));
  } finally {
    await file.close();
  }
}
