/**
 * Temporary directories of the journal tests, and copies of them made the way a crash would leave them: by
 * another process, because reading a file that SQLite has locked would drop the lock of this one.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TemporaryDirectory = { readonly path: string; remove(): void };

export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), 'quorate-journal-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function copyDirectory(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}
