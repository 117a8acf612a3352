/** What the operating system said, in words and without its call names: `no such file or directory`. */
import { getSystemErrorMap } from 'node:util';

export function systemErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined;
  return (number === undefined ? undefined : getSystemErrorMap().get(number)?.[1]) ?? error.message;
}

/** `ENOENT` and the like; undefined for an error that is not the operating system's. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
