/**
 * A command as a client hands it over, before any backend has read it: a line of text or a list of byte
 * strings. The list form is binary-safe and needs no quoting; the text form is what people type.
 *
 * Also the canonical bytes of an argument list, `u16 count | { u32 length | bytes } x count`, which backends
 * such as KV and Redis use as their encoded command, so that the bytes a client sends are the bytes in the log.
 */
import { ByteReader, ByteWriter, malformed } from './bytes.ts';

export type CommandInput =
  | { readonly form: 'text'; readonly text: string }
  /** `bytes` is the canonical encoding that `encodeArguments` gives. */
  | { readonly form: 'arguments'; readonly bytes: Uint8Array };

export const MAX_ARGUMENTS = 65_535;

export function encodeArguments(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length > MAX_ARGUMENTS)
    throw malformed(`${parts.length} arguments are over the limit of ${MAX_ARGUMENTS}`);
  let size = 2;
  for (const part of parts) size += 4 + part.length;
  const out = new ByteWriter(size);
  out.u16(parts.length);
  for (const part of parts) out.block(part);
  return out.bytes();
}

/** Views into `bytes`. Throws `WIRE_MALFORMED` unless the bytes are exactly one canonical list. */
export function decodeArguments(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes);
  const count = reader.u16();
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) parts.push(reader.block());
  reader.end();
  return parts;
}
