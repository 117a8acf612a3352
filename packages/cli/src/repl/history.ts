/**
 * What was typed at the REPL, kept between runs: newest last in the file, readable by its owner alone. Losing it
 * disturbs nobody, so trouble with the file is no trouble for the REPL.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export const HISTORY_LINES = 1000;

/** QUORATE_HISTORY names the file, and switches it off when it is empty. */
export function historyPath(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['QUORATE_HISTORY'];
  if (named !== undefined) return named === '' ? undefined : named;
  const state = env['XDG_STATE_HOME'];
  return join(
    state === undefined || state === '' ? join(homedir(), '.local', 'state') : state,
    'quorate',
    'history',
  );
}

/** Newest first, as readline wants it. */
export function loadHistory(path: string | undefined): string[] {
  if (path === undefined) return [];
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .slice(-HISTORY_LINES)
      .reverse();
  } catch {
    return []; // The first run, or a file that cannot be read.
  }
}

/** `lines` newest first. Two REPLs at once do not tear the file; the one that ends last is remembered. */
export function saveHistory(path: string | undefined, lines: readonly string[]): void {
  if (path === undefined) return;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${process.pid}`;
    writeFileSync(
      temporary,
      lines
        .slice(0, HISTORY_LINES)
        .toReversed()
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 },
    );
    renameSync(temporary, path);
  } catch {
    // No home directory, or a read-only one: the REPL goes on without memory.
    return;
  }
}
