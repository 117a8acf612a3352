/**
 * Files and directories of a journal: who may read them, and making their existence durable.
 *
 * A pitfall that shapes this folder: closing *any* descriptor of a file drops the locks that this process holds
 * on it. So nothing here ever opens the database or the lock file while SQLite has it open.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Creates the directory, readable by its owner alone, and makes its name durable, with the names of those above it in
 * the same file system. Each time: whoever made them, another part of this process or one that died, may not have.
 */
export function ensureDirectory(directory: string, sync: (path: string) => void = syncPath): void {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  const { dev } = statSync(directory);
  for (let path = resolve(directory); path !== dirname(path); path = dirname(path)) {
    const above = dirname(path);
    if (statSync(above).dev !== dev) return;
    try {
      sync(above);
    } catch (error) {
      // What we may not read, or the system does not flush, was there before us.
      if (!['EACCES', 'EPERM', 'EINVAL', 'EROFS'].includes(codeOf(error))) throw error;
    }
  }
}

/** An empty file that only its owner can read. An existing one is left alone, unopened. */
export function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Replaces the content of a small file; for text that may be lost. */
export function writeText(path: string, text: string): void {
  const descriptor = openSync(path, 'w', FILE_MODE);
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}

/** Flushes a file, or the names in a directory. A file that is not there has nothing to flush. */
export function syncPath(path: string): void {
  if (!existsSync(path)) return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Gives a file `bytes` of zeros on stable storage. Flushing a write into a file that keeps its size is about a
 * third faster than flushing one that grows, because the file system has nothing of its own to write.
 */
export function preallocate(path: string, bytes: number): void {
  const zeros = new Uint8Array(Math.min(bytes, 1 << 20));
  const descriptor = openSync(path, 'r+');
  try {
    for (let offset = 0; offset < bytes; offset += zeros.length) {
      writeSync(descriptor, zeros, 0, Math.min(zeros.length, bytes - offset), offset);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
