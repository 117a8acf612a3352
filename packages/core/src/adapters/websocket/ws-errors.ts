/**
 * What ws means by the errors it raises about bytes of the other side, in codes of the error table. It has closed
 * the connection by itself then, with the fitting close code.
 */
import type { ErrorCode } from '@quorate/wire';

/** Undefined for errors that say nothing about the bytes: refused, reset, timed out. */
export function unreadableCode(error: Error): ErrorCode | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return undefined;
  return code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'WIRE_TOO_LARGE' : 'WIRE_MALFORMED';
}
