/**
 * The snapshot of a Redis store as bytes, and loading one.
 *
 *   block header      u32 magic | u16 version | integer log time (ms) | block packed results | image (core's backend-image.ts)
 *   u8 1 | block { block key | text deadline | block payload } x n
 *   u8 0 | integer keys | text fingerprint of the blocks | text fingerprint of the header
 *
 * Payloads are what `DUMP` gives, so both servers are of one version. Keys are loaded beside the data as they come; only when
 * the end has been read and everything fits do they take its place.
 */
import { ChunkReader, Fingerprinter, fingerprint, readImage, writeImage } from '@quorate/core/ports';
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8, malformed } from '@quorate/wire';
import type { Image, ImageEntry, ImageHead } from './image.ts';
import { pack } from './reply/msgpack.ts';
import type { RedisServer } from './server/redis-server.ts';
import { RESTORE } from './server/scripts.ts';
import { markText, readMarkText } from './stored-mark.ts';

const MAGIC = 0x52_51_53_31;
const VERSION = 1;
const SECTION = 1;
const END = 0;
const MAX_CHUNK_BYTES = 1024 * 1024;
/** A word for messages of marks that came in a snapshot. */
const HERE = 'a snapshot';

/** `release` is called when the image has been read, or given up. */
export async function* writeSnapshot(image: Image, release: () => Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    const out = new ByteWriter(64 * 1024);
    const header = encodeHeader(image.head);
    out.block(header);
    const hasher = new Fingerprinter();
    let keys = 0;
    for await (const entries of image.entries()) {
      if (entries.length === 0) continue;
      const section = encodeSection(entries);
      hasher.add(section);
      keys += entries.length;
      out.u8(SECTION);
      out.block(section);
      yield* cut(out);
    }
    out.u8(END);
    out.integer(keys);
    out.text(hasher.hex());
    out.text(fingerprint(header));
    yield* cut(out);
  } finally {
    await release();
  }
}

/**
 * Loads the snapshot and makes it the store's state, as the state of `node`, in one step at the very end.
 * @throws QuorateError, BackendUnavailable; then nothing has changed
 */
export async function loadSnapshot(
  server: RedisServer,
  chunks: AsyncIterable<Uint8Array>,
  check: (head: ImageHead) => void,
  node: number,
): Promise<ImageHead> {
  const input = new ChunkReader(chunks);
  try {
    const header = await readBlock(input);
    const head = decodeHeader(header);
    check(head);
    await server.run(RESTORE, ['begin']);
    const keys = await loadSections(server, input, header);
    const records = pack(head.records.map(({ key, value }) => [encodeUtf8(key), value]));
    const words = [
      head.markText,
      String(head.logTimeMs),
      head.packedResults,
      records,
      String(keys),
      String(node),
    ];
    await server.run(RESTORE, ['commit', ...words]);
    return head;
  } finally {
    await input.close();
  }
}

/** @returns the number of keys */
async function loadSections(server: RedisServer, input: ChunkReader, header: Uint8Array): Promise<number> {
  const hasher = new Fingerprinter();
  let keys = 0;
  for (;;) {
    const kind = (await input.take(1))[0];
    if (kind === END) break;
    if (kind !== SECTION) throw malformed('a section of an unknown kind');
    const section = await readBlock(input);
    hasher.add(section);
    const entries = decodeSection(section);
    keys += entries.length;
    await server.run(RESTORE, [
      'load',
      pack(entries.map(({ key, deadline, payload }) => [key, deadline, payload])),
    ]);
  }
  const end = new ByteReader(await input.rest());
  if (end.integer() !== keys) throw malformed('the number of keys is wrong');
  if (end.text(16) !== hasher.hex()) throw malformed('the fingerprint of the data is wrong');
  if (end.text(16) !== fingerprint(header)) throw malformed('the fingerprint of the header is wrong');
  end.end();
  return keys;
}

function encodeHeader(head: ImageHead): Uint8Array {
  const out = new ByteWriter(4096);
  out.u32(MAGIC);
  out.u16(VERSION);
  out.integer(head.logTimeMs);
  out.block(head.packedResults);
  writeImage(out, { mark: readMarkText(head.markText, HERE), records: head.records, lastResults: [] });
  return out.bytes();
}

function decodeHeader(bytes: Uint8Array): ImageHead {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw malformed('this is not a snapshot of the Redis backend');
  const version = reader.u16();
  if (version !== VERSION)
    throw malformed(`a snapshot of format version ${version}; this build reads ${VERSION}`);
  const logTimeMs = reader.integer();
  const packedResults = reader.block().slice();
  const { mark, records } = readImage(reader);
  reader.end();
  return {
    markText: mark === undefined ? '' : markText(mark),
    logTimeMs,
    packedResults,
    records: records.map(({ key, value }) => ({ key, value: value ?? new Uint8Array(0) })),
  };
}

function encodeSection(entries: readonly ImageEntry[]): Uint8Array {
  const out = new ByteWriter(64 * 1024);
  for (const { key, deadline, payload } of entries) {
    out.block(key);
    out.text(decodeUtf8(deadline));
    out.block(payload);
  }
  return out.bytes();
}

function decodeSection(section: Uint8Array): ImageEntry[] {
  const reader = new ByteReader(section);
  const entries: ImageEntry[] = [];
  while (reader.remaining > 0) {
    const key = reader.block();
    const deadline = reader.text(20);
    if (!/^(?:-1|\d{1,16})$/.test(deadline)) throw malformed('a deadline that is none');
    entries.push({ key, deadline: encodeUtf8(deadline), payload: reader.block() });
  }
  return entries;
}

async function readBlock(input: ChunkReader): Promise<Uint8Array> {
  return input.take(new ByteReader(await input.take(4)).u32());
}

/** Everything written so far, in chunks, and an empty writer. */
function* cut(out: ByteWriter): Generator<Uint8Array> {
  const bytes = out.bytes();
  out.reset();
  for (let start = 0; start < bytes.length; start += MAX_CHUNK_BYTES)
    yield bytes.subarray(start, start + MAX_CHUNK_BYTES);
}
