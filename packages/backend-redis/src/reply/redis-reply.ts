/**
 * Replies of Redis and the bytes of a Result's value: RESP2, as the server itself would write the reply, so that
 * integers, strings and lists stay what they are and every byte of a value survives. A top-level nil is the
 * Result without a value.
 *
 *   +status\r\n    :integer\r\n    $length\r\nbytes\r\n    $-1\r\n    -ERROR message\r\n    *count\r\n reply x count
 */
import { formatValue } from '@quorate/core/ports';
import { ByteWriter, decodeUtf8, encodeUtf8, malformed, NIL_RESULT, type Result } from '@quorate/wire';

export type RedisReply =
  | { readonly kind: 'status'; readonly text: string }
  /** Decimal digits: Redis has 64 bits. */
  | { readonly kind: 'integer'; readonly digits: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'nil' }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly RedisReply[] };

export const NIL: RedisReply = { kind: 'nil' };
/** The commonest reply of all. */
export const OK: RedisReply = { kind: 'status', text: 'OK' };

/** Replies of Redis are nested a few levels; damaged bytes must not exhaust the stack. */
const MAX_DEPTH = 20;

export function integerReply(value: number): RedisReply {
  return { kind: 'integer', digits: String(value) };
}

export function bytesReply(bytes: Uint8Array): RedisReply {
  return { kind: 'bytes', bytes };
}

/** An error becomes a refusal: the first word is its code, `ERR` where there is none. */
export function resultOf(reply: RedisReply): Result {
  if (reply.kind === 'nil') return NIL_RESULT;
  if (reply.kind === 'integer') return { ok: true, value: encodeUtf8(`:${reply.digits}\r\n`) };
  if (reply === OK) return OK_RESULT;
  if (reply.kind !== 'error') return { ok: true, value: encodeReply(reply) };
  const [, code = 'ERR', message = reply.text] = /^([A-Z][A-Z0-9]*) (.*)$/s.exec(reply.text) ?? [];
  return { ok: false, code, message };
}

const OK_RESULT: Result = { ok: true, value: encodeUtf8('+OK\r\n') };

export function encodeReply(reply: RedisReply): Uint8Array {
  const out = new ByteWriter(64);
  writeReply(out, reply);
  return out.bytes();
}

function writeReply(out: ByteWriter, reply: RedisReply): void {
  switch (reply.kind) {
    case 'status':
      return writeLine(out, `+${oneLine(reply.text)}`);
    case 'error':
      return writeLine(out, `-${oneLine(reply.text)}`);
    case 'integer':
      return writeLine(out, `:${reply.digits}`);
    case 'nil':
      return writeLine(out, '$-1');
    case 'bytes':
      writeLine(out, `$${reply.bytes.length}`);
      out.raw(reply.bytes);
      return writeLine(out, '');
    case 'list':
      writeLine(out, `*${reply.items.length}`);
      for (const item of reply.items) writeReply(out, item);
      return undefined;
    default:
      return reply satisfies never;
  }
}

function writeLine(out: ByteWriter, text: string): void {
  out.raw(encodeUtf8(`${text}\r\n`));
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}

/** The value of a Result, for programs. Byte strings are views. @throws QuorateError WIRE_MALFORMED */
export function decodeReply(value: Uint8Array | null): RedisReply {
  if (value === null) return NIL;
  const cursor = { bytes: value, at: 0 };
  const reply = readReply(cursor, 0);
  if (cursor.at !== value.length) throw malformed('bytes follow the end of a reply');
  return reply;
}

type Cursor = { readonly bytes: Uint8Array; at: number };

function readReply(cursor: Cursor, depth: number): RedisReply {
  if (depth > MAX_DEPTH) throw malformed('a reply is nested too deeply');
  const line = readLine(cursor);
  const rest = line.slice(1);
  switch (line.charAt(0)) {
    case '+':
      return { kind: 'status', text: rest };
    case '-':
      return { kind: 'error', text: rest };
    case ':':
      return { kind: 'integer', digits: rest };
    case '$':
      return rest === '-1' ? NIL : bytesReply(readBytes(cursor, countOf(rest)));
    case '*': {
      const items: RedisReply[] = [];
      for (let left = countOf(rest); left > 0; left--) items.push(readReply(cursor, depth + 1));
      return { kind: 'list', items };
    }
    default:
      throw malformed('this is not a reply of Redis');
  }
}

function countOf(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw malformed('a reply with a length that is none');
  return Number(text);
}

function readLine(cursor: Cursor): string {
  const end = cursor.bytes.indexOf(13, cursor.at);
  if (end === -1 || cursor.bytes[end + 1] !== 10) throw malformed('a reply ends too early');
  const line = decodeUtf8(cursor.bytes.subarray(cursor.at, end));
  cursor.at = end + 2;
  return line;
}

function readBytes(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (cursor.bytes[end] !== 13 || cursor.bytes[end + 1] !== 10) throw malformed('a reply ends too early');
  const bytes = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end + 2;
  return bytes;
}

/** As redis-cli shows it to people: `(integer) 1`, `"text"`, numbered lists. Several lines for lists. */
export function formatReply(value: Uint8Array | null): string {
  return formatted(decodeReply(value), '');
}

function formatted(reply: RedisReply, indent: string): string {
  switch (reply.kind) {
    case 'status':
      return reply.text;
    case 'error':
      return `(error) ${reply.text}`;
    case 'integer':
      return `(integer) ${reply.digits}`;
    case 'nil':
      return '(nil)';
    case 'bytes':
      return quoted(reply.bytes);
    case 'list':
      return formattedList(reply.items, indent);
    default:
      return reply satisfies never;
  }
}

function formattedList(items: readonly RedisReply[], indent: string): string {
  if (items.length === 0) return '(empty array)';
  const width = String(items.length).length;
  return items
    .map((item, index) => {
      const label = `${String(index + 1).padStart(width)}) `;
      return `${index === 0 ? '' : indent}${label}${formatted(item, indent + ' '.repeat(label.length))}`;
    })
    .join('\n');
}

function quoted(bytes: Uint8Array): string {
  const shown = formatValue(bytes);
  const isPlain = shown === decodeUtf8(bytes);
  return isPlain ? `"${shown.replace(/[\\"]/g, (character) => `\\${character}`)}"` : shown;
}
