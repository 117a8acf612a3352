/** Replies on their three ways: of the client library, packed by a script, and as this package speaks of them. */
import { decodeUtf8 } from '@quorate/wire';
import type { RawReply } from '../server/redis-server.ts';
import { type Packed, unpack } from './msgpack.ts';
import { bytesReply, NIL, OK, type RedisReply } from './redis-reply.ts';

/** The client library does not tell a status from bytes; `isStatus` says which it is. */
export function fromRaw(raw: RawReply, isStatus = false): RedisReply {
  if (raw === null) return NIL;
  if (typeof raw === 'string') return { kind: 'integer', digits: raw };
  if (raw instanceof Uint8Array)
    return isStatus ? { kind: 'status', text: decodeUtf8(raw) } : bytesReply(raw);
  return { kind: 'list', items: raw.map((item) => fromRaw(item)) };
}

/** What a reply takes in a result, roughly. */
export function rawBytes(raw: RawReply): number {
  const bytes = 16;
  if (raw === null) return bytes;
  if (typeof raw === 'string' || raw instanceof Uint8Array) return bytes + raw.length;
  return raw.reduce((sum, item) => sum + rawBytes(item), bytes);
}

/** Lua's forms: nil is false, OK is true, another status `{ok}`, an error `{err}`, an integer beyond 2^53 `{int}`. Byte strings are copied. */
export function fromPacked(packed: Packed): RedisReply {
  if (packed === null || packed === false) return NIL;
  if (packed === true) return OK;
  if (typeof packed === 'number') return { kind: 'integer', digits: String(packed) };
  if (packed instanceof Uint8Array) return bytesReply(packed.slice());
  if (packed instanceof Map) return fromTable(packed);
  return { kind: 'list', items: (packed as readonly Packed[]).map(fromPacked) };
}

function fromTable(table: ReadonlyMap<string, Packed>): RedisReply {
  for (const [name, value] of table) {
    const text = value instanceof Uint8Array ? decodeUtf8(value) : '';
    if (name === 'ok') return { kind: 'status', text };
    if (name === 'err') return { kind: 'error', text };
    if (name === 'int') return { kind: 'integer', digits: text };
  }
  return NIL;
}

/** The results of a slot as the store keeps them; none are kept before the first. */
export function readPackedReplies(bytes: Uint8Array): RedisReply[] {
  if (bytes.length === 0) return [];
  const list = unpack(bytes);
  return Array.isArray(list) ? (list as Packed[]).map(fromPacked) : [];
}
