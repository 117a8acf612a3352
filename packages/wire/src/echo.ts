/**
 * Echoes: results whose value is a stretch of the command itself. They are kept and sent as the place where the value lies,
 * because whoever sent the command has its bytes: a SET that answers the value it stored needs not carry it back.
 *
 * A command under one sequence is always the same bytes, so an echo means the same value at every repetition.
 */
import type { Result } from './result.ts';

/** The value is the command's bytes from `start` up to, not including, `end`. */
export type Echo = { readonly start: number; readonly end: number };

/** Clients that greet with this version of their protocol, or a later one, can be sent echoes. */
export const ECHO_VERSION = 2;

export function isEcho(result: Result | Echo): result is Echo {
  return !('ok' in result);
}

/** What the result says in full; a value is a view into `command`. Undefined: this cannot be its command, it is too short. */
export function withCommand(result: Result | Echo, command: Uint8Array): Result | undefined {
  if (!isEcho(result)) return result;
  if (result.end > command.length) return undefined;
  return { ok: true, value: command.subarray(result.start, result.end) };
}
