/**
 * Values of users on their way to a terminal, a pipe or JSON. A pipe gets the bytes as they are; a terminal gets
 * one line in which nothing can move its cursor; JSON gets text, or base64 where the bytes are not UTF-8.
 */
import { isUtf8 } from 'node:buffer';
import { formatValue } from '@quorate/core/ports';

/** "No value", which is not the same as an empty one. */
export const NIL_TEXT = '(nil)';

export function valueForTerminal(value: Uint8Array | null): string {
  if (value === null) return NIL_TEXT;
  const shown = formatValue(value);
  return shown === NIL_TEXT ? `"${NIL_TEXT}"` : shown;
}

export type JsonValue = { readonly value: string | null } | { readonly valueBase64: string };

export function valueForJson(value: Uint8Array | null): JsonValue {
  if (value === null) return { value: null };
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return isUtf8(bytes) ? { value: bytes.toString('utf8') } : { valueBase64: bytes.toString('base64') };
}
