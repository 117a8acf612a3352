/**
 * What executing a command gives, and how it travels.
 *
 * A result is deterministic: every node computes the same one. `ok: false` is a refusal by the backend's own
 * rules; it was executed and counts as applied. What the value bytes mean is the backend's business (the KV
 * backend: the raw value; PostgreSQL: JSON; Redis: the RESP reply). `null` is "no value", which is not the
 * same as an empty one.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';
import { malformed } from './bytes.ts';

export type Result =
  | { readonly ok: true; readonly value: Uint8Array | null }
  /** `code` is the backend's own word, for instance an SQLSTATE. */
  | { readonly ok: false; readonly code: string; readonly message: string };

export const NIL_RESULT: Result = { ok: true, value: null };

export const RESULT_NIL = 0;
export const RESULT_VALUE = 1;
export const RESULT_REFUSED = 2;

/** What a result counts for where kept results are bounded. The same on every node: it decides what is evicted. */
export function resultSize(result: Result): number {
  if (result.ok) return result.value === null ? 0 : result.value.length;
  return result.code.length + result.message.length;
}

export function writeResult(out: ByteWriter, result: Result): void {
  if (!result.ok) {
    out.u8(RESULT_REFUSED);
    out.text(result.code);
    out.text(result.message);
  } else if (result.value === null) {
    out.u8(RESULT_NIL);
  } else {
    out.u8(RESULT_VALUE);
    out.block(result.value);
  }
}

/** Value bytes are a view into the reader's input. */
export function readResult(reader: ByteReader): Result {
  const kind = reader.u8();
  switch (kind) {
    case RESULT_NIL:
      return NIL_RESULT;
    case RESULT_VALUE:
      return { ok: true, value: reader.block() };
    case RESULT_REFUSED:
      return { ok: false, code: reader.text(), message: reader.text() };
    default:
      throw malformed(`unknown result kind ${kind}`);
  }
}
