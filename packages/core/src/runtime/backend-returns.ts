/**
 * Whether what a backend returned is what the contract says. A backend of somebody's own may not be checked by a compiler:
 * what it returns by mistake costs a command or its store, and never the process or a wrong answer.
 */
import type { Result } from '@quorate/wire';
import type { Backend } from '../ports/backend.ts';

/** What is wrong with what `apply` gave for `wanted` commands; undefined when nothing is. */
export function faultOfResults(results: unknown, wanted: number): string | undefined {
  if (!Array.isArray(results)) return `the backend gave no list of results for ${wanted} commands`;
  if (results.length !== wanted) return `the backend gave ${results.length} results for ${wanted} commands`;
  for (let ordinal = 0; ordinal < wanted; ordinal++)
    if (!isResult(results[ordinal])) return `what the backend gave for command ${ordinal} is no result`;
  return undefined;
}

export function isResult(value: unknown): value is Result {
  if (typeof value !== 'object' || value === null) return false;
  const { ok, value: bytes, code, message } = value as Readonly<Record<string, unknown>>;
  if (ok === true) return bytes === null || bytes instanceof Uint8Array;
  return ok === false && typeof code === 'string' && typeof message === 'string';
}

/** @throws TypeError, or what `encode` throws */
export function encodedBy(backend: Backend, command: unknown): Uint8Array {
  const bytes: unknown = backend.encode(command);
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError('encode returned no bytes');
}
