/** Makes the directory that `dataDir` names, and those of a node below it, readable by their owner alone. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { QuorateError } from '@quorate/wire';

const DIRECTORY_MODE = 0o700;

/**
 * Makes it with all directories above it; leaves one alone that is there.
 * @throws CONFIG_INVALID, with the words of the system
 */
export function makeDirectory(path: string): void {
  try {
    makeWithParents(resolve(path));
  } catch (cause) {
    throw new QuorateError(
      'CONFIG_INVALID',
      `the directory ${path} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/**
 * One after the other: `mkdir` with `recursive` never returns (Node 20) below a directory that is there and answers "no
 * such file" to every new name, as /proc does.
 */
function makeWithParents(path: string): void {
  if (isDirectory(path)) return;
  const above = dirname(path);
  if (above !== path) makeWithParents(above);
  try {
    mkdirSync(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    // Another node of this machine may have been faster.
    if (!isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
