/**
 * The snapshot of the key-value backend as bytes, and its digest, which is part of the snapshot.
 *
 *   block header      u32 magic | u16 version | image: mark, records, last results (core's backend-image.ts)
 *   u16 shard | block entries: { block key | block value } x n                     ascending by shard, none empty
 *   u16 0xffff | number of keys | text digest | text fingerprint of the header
 *
 * The order of keys is that of `key-value-store.ts`, so equal content gives equal bytes. Reading builds a new store
 * and checks everything (order, shard, number, digest); it throws rather than give half a store.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BackendImage,
  ChunkReader,
  Fingerprinter,
  fingerprint,
  readImage,
  writeImage,
} from '@quorate/core/ports';
import { ByteReader, ByteWriter, malformed } from '@quorate/wire';
import { byteString } from './byte-span.ts';
import { shardOf } from './key-place.ts';
import { KeyValueStore, type ShardEntries, type StoreImage } from './key-value-store.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from './kv-command.ts';

const MAGIC = 0x31_56_4b_51;
const VERSION = 1;
const END = 0xffff;
/** The contract allows 1 MiB for a chunk; far less keeps the turns short in which one is made. */
const CHUNK_BYTES = 64 * 1024;
const MAX_CHUNK_BYTES = 1024 * 1024;

/** Writes the image chunk by chunk; every chunk is made in a turn of the event loop of its own. */
export async function* writeSnapshot(header: BackendImage, data: StoreImage): AsyncGenerator<Uint8Array> {
  const out = new ByteWriter(2 * CHUNK_BYTES);
  const headerBytes = encodeHeader(header);
  out.block(headerBytes);
  const hasher = new Fingerprinter();
  let keys = 0;
  for (let shard = data.nextShard(); shard !== undefined; shard = data.nextShard()) {
    const section = encodeSection(shard.entries);
    hasher.add(section);
    keys += shard.entries.length;
    out.u16(shard.shard);
    out.block(section);
    if (out.length < CHUNK_BYTES) continue;
    yield* cut(out);
    await nextTurn();
  }
  out.u16(END);
  out.integer(keys);
  out.text(hasher.hex());
  out.text(fingerprint(headerBytes));
  yield* cut(out);
}

/** Of the content alone; equal content, equal digest. The digest that a snapshot ends with. */
export async function digestOf(data: StoreImage): Promise<string> {
  const hasher = new Fingerprinter();
  let bytes = 0;
  for (let shard = data.nextShard(); shard !== undefined; shard = data.nextShard()) {
    const section = encodeSection(shard.entries);
    hasher.add(section);
    bytes += section.length;
    if (bytes < CHUNK_BYTES) continue;
    bytes = 0;
    await nextTurn();
  }
  return hasher.hex();
}

/** @throws QuorateError WIRE_MALFORMED when the chunks are not one whole snapshot */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly header: BackendImage; readonly store: KeyValueStore }> {
  const input = new ChunkReader(chunks);
  try {
    const headerBytes = await readBlock(input);
    const header = decodeHeader(headerBytes);
    const store = new KeyValueStore();
    const hasher = new Fingerprinter();
    let previous = -1;
    for (;;) {
      const shard = new ByteReader(await input.take(2)).u16();
      if (shard === END) break;
      if (shard <= previous) throw malformed('shards out of order');
      previous = shard;
      const section = await readBlock(input);
      hasher.add(section);
      readSection(section, shard, store);
    }
    const end = new ByteReader(await input.rest());
    if (end.integer() !== store.size) throw malformed('the number of keys is wrong');
    if (end.text(16) !== hasher.hex()) throw malformed('the digest is wrong');
    if (end.text(16) !== fingerprint(headerBytes)) throw malformed('the fingerprint of the header is wrong');
    end.end();
    return { header, store };
  } finally {
    await input.close();
  }
}

function encodeHeader(header: BackendImage): Uint8Array {
  const out = new ByteWriter(4096);
  out.u32(MAGIC);
  out.u16(VERSION);
  writeImage(out, header);
  return out.bytes();
}

function decodeHeader(bytes: Uint8Array): BackendImage {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw malformed('this is not a snapshot of the key-value backend');
  const version = reader.u16();
  if (version !== VERSION)
    throw malformed(`a snapshot of format version ${version}; this build reads ${VERSION}`);
  const header = readImage(reader);
  reader.end();
  return header;
}

/** Sized first and written in one go: a snapshot of a large store is millions of these pairs. */
function encodeSection(entries: ShardEntries): Uint8Array {
  let size = 0;
  for (const [key, value] of entries) size += 8 + key.length + value.length;
  const out = Buffer.allocUnsafeSlow(size);
  let offset = 0;
  for (const [key, value] of entries) {
    offset = out.writeUInt32LE(key.length, offset);
    offset += out.write(key, offset, 'latin1');
    offset = out.writeUInt32LE(value.length, offset);
    out.set(value, offset);
    offset += value.length;
  }
  return out;
}

function readSection(section: Uint8Array, shard: number, store: KeyValueStore): void {
  const reader = new ByteReader(section);
  let previous: string | undefined;
  if (section.length === 0) throw malformed('an empty shard');
  while (reader.remaining > 0) {
    const keyBytes = reader.block(MAX_KEY_BYTES).length;
    const keyEnd = reader.offset;
    const key = byteString(section, keyEnd - keyBytes, keyEnd);
    const valueBytes = reader.block(MAX_VALUE_BYTES).length;
    const isPlace = shardOf(section, keyEnd - keyBytes, keyEnd) === shard;
    if (!isPlace || (previous !== undefined && key <= previous)) throw malformed('keys out of order');
    store.set(section, keyEnd - keyBytes, keyEnd, reader.offset - valueBytes, reader.offset);
    previous = key;
  }
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
