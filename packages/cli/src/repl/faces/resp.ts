/**
 * Replies of Redis in RESP2, as the redis backend puts them into results:
 *
 *   +text   -error   :integer   $length bytes   $-1   *count replies
 */
import { decodeUtf8 } from '@quorate/wire';

export type Reply =
  | { readonly kind: 'text' | 'error' | 'integer'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'nil' }
  | { readonly kind: 'list'; readonly items: readonly Reply[] };

const CR = 13;
const LF = 10;
const MAX_DEPTH = 20;

type Read = { readonly reply: Reply; readonly end: number } | undefined;

/** Undefined when the bytes are not exactly one reply. */
export function readReply(bytes: Uint8Array): Reply | undefined {
  const read = readAt(bytes, 0, 0);
  return read?.end === bytes.length ? read.reply : undefined;
}

function readAt(bytes: Uint8Array, at: number, depth: number): Read {
  const lineEnd = bytes.indexOf(CR, at);
  if (lineEnd === -1 || bytes[lineEnd + 1] !== LF || depth > MAX_DEPTH) return undefined;
  const text = decodeUtf8(bytes.subarray(at + 1, lineEnd));
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '+':
      return { reply: { kind: 'text', text }, end };
    case '-':
      return { reply: { kind: 'error', text }, end };
    case ':':
      return { reply: { kind: 'integer', text }, end };
    case '$':
      return readBytes(bytes, Number(text), end);
    case '*':
      return readList(bytes, Number(text), end, depth);
    default:
      return undefined;
  }
}

function readBytes(bytes: Uint8Array, length: number, start: number): Read {
  if (length === -1) return { reply: { kind: 'nil' }, end: start };
  const end = start + length;
  if (!Number.isSafeInteger(length) || length < 0 || bytes[end] !== CR || bytes[end + 1] !== LF)
    return undefined;
  return { reply: { kind: 'bytes', bytes: bytes.subarray(start, end) }, end: end + 2 };
}

function readList(bytes: Uint8Array, count: number, start: number, depth: number): Read {
  if (count === -1) return { reply: { kind: 'nil' }, end: start };
  if (!Number.isSafeInteger(count) || count < 0) return undefined;
  const items: Reply[] = [];
  let end = start;
  for (let index = 0; index < count; index++) {
    const read = readAt(bytes, end, depth + 1);
    if (read === undefined) return undefined;
    items.push(read.reply);
    end = read.end;
  }
  return { reply: { kind: 'list', items }, end };
}
