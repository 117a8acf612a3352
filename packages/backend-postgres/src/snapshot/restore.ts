/**
 * Replaces everything in a database by a snapshot, all or nothing.
 *
 * The chunks are first written to a file and checked there; only a whole and undamaged snapshot touches the database.
 * Then one transaction drops the user's schemas and makes them anew, and ends with the new mark.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BackendUnavailable, type Slot } from '@quorate/core/ports';
import { malformed } from '@quorate/wire';
import {
  LOCK_MARK,
  markParams,
  recordParams,
  UPSERT_RECORDS,
  WRITE_MARK,
  WRITE_REFUSED,
} from '../own-schema.ts';
import { USER_SCHEMA } from '../schema-parts.ts';
import { quoteName, type Session, troubleOf } from '../session.ts';
import { checkFrames, FRAME, type Frame, readFrames } from './frames.ts';
import { decodeHeader, type SnapshotHeader } from './header.ts';

export type ReceivedSnapshot = {
  readonly slot: Slot;
  readonly chunks: AsyncIterable<Uint8Array>;
};

/** Hands a checked snapshot to `use`; its file is gone afterwards. @throws BackendUnavailable */
export async function withReceived(
  { chunks }: ReceivedSnapshot,
  directory: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const path = join(directory, `restore-${randomUUID()}.tmp`);
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  try {
    try {
      for await (const chunk of chunks) await file.appendFile(chunk);
      await checkFrames(file);
    } catch (error) {
      throw new BackendUnavailable(`the snapshot cannot be used: ${(error as Error).message}`, {
        cause: error,
      });
    }
    await use(file);
  } finally {
    await file.close();
  }
}

/** `session` is not pipelined and nobody else's. @throws BackendUnavailable, BackendDiverged */
export async function restoreFrom(
  file: FileHandle,
  slot: Slot,
  session: Session,
  serverMajor: number,
): Promise<void> {
  try {
    const frames = readFrames(file);
    const header = decodeHeader((await nextFrame(frames, FRAME.header)).bytes);
    checkFits(header, slot, serverMajor);
    await session.run('BEGIN');
    await session.ask(LOCK_MARK);
    await replaceSchemas(session, header.schemas);
    await session.run(textOf(await nextFrame(frames, FRAME.before)));
    await loadTables(session, frames);
    await storeHeader(session, header);
    await session.run('COMMIT');
  } catch (error) {
    session.abandon();
    if (error instanceof BackendUnavailable) throw error;
    // Whatever it was, nothing was changed, and another attempt or another snapshot may do.
    const { message } = troubleOf(error, 'cannot restore the snapshot');
    throw new BackendUnavailable(message, { cause: error });
  }
}

function checkFits({ image, serverMajor: from }: SnapshotHeader, slot: Slot, serverMajor: number): void {
  const found = image.mark?.slot ?? 0;
  if (found !== slot) throw new BackendUnavailable(`the snapshot is of slot ${found}, not ${slot}`);
  if (from > serverMajor)
    throw new BackendUnavailable(
      `the snapshot comes from PostgreSQL ${from}; this server is ${serverMajor}, which is too old for it`,
    );
}

async function replaceSchemas(session: Session, schemas: readonly string[]): Promise<void> {
  const { rows } = await session.ask(`SELECT quote_ident(nspname) FROM pg_namespace n WHERE ${USER_SCHEMA}`);
  const drop = rows.map(([name]) => `DROP SCHEMA ${name} CASCADE;`);
  const make = schemas.map((name) => `CREATE SCHEMA ${quoteName(name)};`);
  await session.run([...drop, ...make].join('\n'));
}

/** The tables, and behind them the SQL that comes after the rows. */
async function loadTables(session: Session, frames: AsyncGenerator<Frame>): Promise<void> {
  let frame = await anyFrame(frames);
  while (frame.kind === FRAME.table) {
    const { name, columns } = JSON.parse(textOf(frame)) as {
      readonly name: string;
      readonly columns: string;
    };
    frame = await anyFrame(frames);
    if (frame.kind !== FRAME.rows) continue;
    const first = frame;
    const rows = async function* (): AsyncGenerator<Uint8Array> {
      yield first.bytes;
      for (frame = await anyFrame(frames); frame.kind === FRAME.rows; frame = await anyFrame(frames))
        yield frame.bytes;
    };
    await pipeline(rows, session.copyIn(`COPY ${name} (${columns}) FROM STDIN`));
  }
  if (frame.kind !== FRAME.after) throw malformed(`a frame of kind ${frame.kind} among the tables`);
  await session.run(textOf(frame));
}

async function storeHeader(session: Session, header: SnapshotHeader): Promise<void> {
  const { image, catalogEpoch, refused, sequences } = header;
  await session.run('DELETE FROM quorate.records; DELETE FROM quorate.sequences');
  for (const [name, last, called] of sequences) {
    await session.ask('INSERT INTO quorate.sequences VALUES ($1, $2, $3)', [
      name ?? null,
      last ?? null,
      called ?? null,
    ]);
    await session.ask('SELECT setval($1::regclass, $2, $3)', [name ?? null, last ?? null, called ?? null]);
  }
  const { upsert } = recordParams(image.records);
  if (upsert !== undefined) await session.ask(UPSERT_RECORDS, upsert);
  await session.ask(WRITE_MARK, markParams(image.mark, catalogEpoch, image.lastResults));
  await session.ask(WRITE_REFUSED, [refused]);
}

async function nextFrame(frames: AsyncGenerator<Frame>, kind: number): Promise<Frame> {
  const frame = await anyFrame(frames);
  if (frame.kind !== kind) throw malformed(`a frame of kind ${frame.kind} in place of ${kind}`);
  return frame;
}

async function anyFrame(frames: AsyncGenerator<Frame>): Promise<Frame> {
  const next = await frames.next();
  if (next.done === true) throw malformed('the snapshot ends too early');
  return next.value;
}

function textOf({ bytes }: Frame): string {
  return Buffer.from(bytes).toString('utf8');
}
