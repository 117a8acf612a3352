/**
 * Temporary directories of the journal tests, and copies of them made the way a crash would leave them: by
 * another process, because reading a file that SQLite has locked would drop the lock of this one.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TemporaryDirectory = { readonly path: string; remove(): void };

export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), 'quorate-journal-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * The witness first and the write-ahead log last: if the journal settles while this copies, the log still holds what
 * the database and the witness lack, as it would at any one moment.
 */
export function copyDirectory(from: string, to: string): void {
  const rank = (file: string): number => (file === 'witness' ? 0 : file.endsWith('-wal') ? 2 : 1);
  const files = readdirSync(from).sort((left, right) => rank(left) - rank(right));
  mkdirSync(to, { mode: 0o700 });
  execFileSync('cp', ['-a', ...files.map((file) => join(from, file)), to]);
}

/** Access rights in octal, for instance `700`. */
export function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
