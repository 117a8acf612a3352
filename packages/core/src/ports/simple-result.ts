/**
 * How the functions of a simple backend say their results: a value, nothing, or a refusal.
 *
 * Text becomes UTF-8, a number or boolean its decimal or word, `null` and `undefined` "no value". Bytes are copied,
 * because what the state holds may be changed by the next command while the result is still kept for a retry.
 */
import { encodeUtf8, NIL_RESULT, type Result } from '@quorate/wire';

export type SimpleResult = Result | string | number | boolean | Uint8Array | null | undefined | void;

/** A refusal by the backend's own rules: the same on every node, and it counts as executed. */
export function refuse(code: string, message: string): Result {
  return { ok: false, code, message };
}

export function toResult(value: SimpleResult): Result {
  if (value === undefined || value === null) return NIL_RESULT;
  switch (typeof value) {
    case 'string':
      return { ok: true, value: encodeUtf8(value) };
    case 'number':
    case 'boolean':
      return { ok: true, value: encodeUtf8(String(value)) };
    case 'object':
      if (value instanceof Uint8Array) return { ok: true, value: value.slice() };
      if (value.ok && value.value instanceof Uint8Array) return { ok: true, value: value.value.slice() };
      if (value.ok === false || (value.ok === true && value.value === null)) return value;
      break;
    default:
  }
  throw new TypeError(
    `a result is a string, number, boolean, Uint8Array, null or refuse(code, message); not ${describe(value)}`,
  );
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `an object of class ${value.constructor.name}`
    : typeof value;
}
