/**
 * A snapshot as a file of frames, and the check that it is whole.
 *
 *   u32 magic | u16 version | frames: { u8 kind | u32 length | bytes } x n | frame END: sha-256 of everything before
 *
 * The order of frames is that in which a restore needs them: HEADER (image, facts, sequences), BEFORE (SQL that makes
 * types, tables, functions), for every table TABLE and its ROWS, AFTER (SQL that makes indexes, constraints, triggers).
 */
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { ByteReader, ByteWriter, malformed } from '@quorate/wire';

const MAGIC = 0x53_50_51_31;
const VERSION = 1;
const PREFIX_BYTES = 6;
const FRAME_BYTES = 5;
const HASH_BYTES = 32;

export const FRAME = { header: 1, before: 2, table: 3, rows: 4, after: 5, end: 6 } as const;

/** SQL of a schema and system records may be long; rows come in pieces. */
const MAX_FRAME_BYTES = 1024 * 1024 * 1024;

export type Frame = { readonly kind: number; readonly bytes: Uint8Array };

/** Writes a file of frames from its start to its end. */
export class FrameWriter {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async begin(file: FileHandle): Promise<FrameWriter> {
    const writer = new FrameWriter(file);
    const out = new ByteWriter(PREFIX_BYTES);
    out.u32(MAGIC);
    out.u16(VERSION);
    await writer.#write(out.bytes());
    return writer;
  }

  async frame(kind: number, bytes: Uint8Array): Promise<void> {
    await this.#write(frameHead(kind, bytes.length));
    await this.#write(bytes);
  }

  async end(): Promise<void> {
    const digest = this.#hash.digest();
    await this.#file.appendFile(frameHead(FRAME.end, HASH_BYTES));
    await this.#file.appendFile(digest);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#file.appendFile(bytes);
  }
}

function frameHead(kind: number, length: number): Uint8Array {
  const out = new ByteWriter(FRAME_BYTES);
  out.u8(kind);
  out.u32(length);
  return out.bytes();
}

/** Reads the whole file once. @throws QuorateError WIRE_MALFORMED unless it is one whole snapshot */
export async function checkFrames(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const body = size - FRAME_BYTES - HASH_BYTES;
  if (body < PREFIX_BYTES) throw malformed('the snapshot ends too early');
  const prefix = new ByteReader(await bytesAt(file, 0, PREFIX_BYTES));
  if (prefix.u32() !== MAGIC) throw malformed('this is not a snapshot of the postgres backend');
  const version = prefix.u16();
  if (version !== VERSION)
    throw malformed(`a snapshot of format version ${version}; this build reads ${VERSION}`);
  const hash = createHash('sha256');
  for (let at = 0; at < body; ) {
    const bytes = await bytesAt(file, at, Math.min(1024 * 1024, body - at));
    hash.update(bytes);
    at += bytes.length;
  }
  const end = new ByteReader(await bytesAt(file, body, FRAME_BYTES + HASH_BYTES));
  const isEnd = end.u8() === FRAME.end && end.u32() === HASH_BYTES;
  if (!isEnd || !hash.digest().equals(end.raw(HASH_BYTES)))
    throw malformed('the snapshot is damaged or not whole: its hash is wrong');
}

/** The frames of a file that was checked, END excluded. */
export async function* readFrames(file: FileHandle): AsyncGenerator<Frame> {
  for (let at = PREFIX_BYTES; ; ) {
    const head = new ByteReader(await bytesAt(file, at, FRAME_BYTES));
    const [kind, length] = [head.u8(), head.u32()];
    if (kind === FRAME.end) return;
    if (length > MAX_FRAME_BYTES) throw malformed(`a frame of ${length} bytes`);
    yield { kind, bytes: await bytesAt(file, at + FRAME_BYTES, length) };
    at += FRAME_BYTES + length;
  }
}

/** Exactly `length` bytes, in memory of their own. */
export async function bytesAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw malformed('the snapshot ends too early');
    done += bytesRead;
  }
  return bytes;
}
