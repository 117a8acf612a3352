/**
 * The snapshot of a simple backend: everything in one piece, with a fingerprint at its end.
 *
 *   u32 magic | u16 version | text name | log time | image (backend-image.ts) | block state | text fingerprint
 *
 * The fingerprint covers every byte before it. Reading gives all or throws; nothing is half restored.
 */
import { ByteReader, ByteWriter, malformed } from '@quorate/wire';
import type { Slot } from '../protocol/types.ts';
import { type BackendImage, BackendUnavailable } from './backend.ts';
import { readImage, writeImage } from './backend-image.ts';
import { fingerprint } from './fingerprint.ts';
import type { PlainData } from './plain-data.ts';
import { decodeData } from './plain-data-decode.ts';

const MAGIC = 0x31_53_42_51;
const VERSION = 1;
/** What the contract allows for one chunk. */
export const SNAPSHOT_CHUNK_BYTES: number = 1024 * 1024;
/** u32 length and 16 digits. */
const FINGERPRINT_BYTES = 20;

export type SimpleSnapshot<State> = {
  readonly image: BackendImage;
  readonly logTimeMs: number;
  readonly state: State;
};

/** `state` as `encodeData(state, 'kept')` gave it. */
export function writeSimpleSnapshot(
  name: string,
  { image, logTimeMs, state }: SimpleSnapshot<Uint8Array>,
): Uint8Array[] {
  const out = new ByteWriter(state.length + 4096);
  out.u32(MAGIC);
  out.u16(VERSION);
  out.text(name);
  out.integer(logTimeMs);
  writeImage(out, image);
  out.block(state);
  out.text(fingerprint(out.bytes()));
  const bytes = out.bytes();
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += SNAPSHOT_CHUNK_BYTES)
    chunks.push(bytes.subarray(start, start + SNAPSHOT_CHUNK_BYTES));
  return chunks;
}

/** @throws BackendUnavailable when the bytes are not a whole snapshot of this backend at that slot */
export async function readSimpleSnapshot(
  name: string,
  snapshot: { readonly slot: Slot; readonly chunks: AsyncIterable<Uint8Array> },
): Promise<SimpleSnapshot<PlainData>> {
  const out = new ByteWriter(SNAPSHOT_CHUNK_BYTES);
  for await (const chunk of snapshot.chunks) out.raw(chunk);
  try {
    return readWhole(name, snapshot.slot, out.bytes());
  } catch (error) {
    throw new BackendUnavailable(`the snapshot cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function readWhole(name: string, slot: Slot, bytes: Uint8Array): SimpleSnapshot<PlainData> {
  const bodyBytes = bytes.length - FINGERPRINT_BYTES;
  if (bodyBytes < 0) throw malformed('it is too short');
  const stored = new ByteReader(bytes, bodyBytes).text(16);
  if (stored !== fingerprint(bytes.subarray(0, bodyBytes))) throw malformed('its fingerprint is wrong');
  const reader = new ByteReader(bytes, 0, bodyBytes);
  if (reader.u32() !== MAGIC) throw malformed('it is not the snapshot of a simple backend');
  const version = reader.u16();
  if (version !== VERSION) throw malformed(`format version ${version}; this build reads ${VERSION}`);
  const writer = reader.text(256);
  if (writer !== name) throw malformed(`it is of backend ${writer}, not ${name}`);
  const logTimeMs = reader.integer();
  const image = readImage(reader);
  const state = decodeData(reader.block(), 'kept');
  reader.end();
  const held = image.mark?.slot ?? 0;
  if (held !== slot) throw malformed(`it is of slot ${held}, not ${slot}`);
  return { image, logTimeMs, state };
}

/** Chunks that are there already, in the shape that the contract wants. */
export async function* inTurn(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
