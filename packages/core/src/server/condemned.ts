/**
 * A data directory that peers refused: wiped, swapped, or an older copy. It has forgotten promises, so it must never
 * vote; and because every start raises its incarnation, an old copy would look new after enough starts. The first
 * refusal is therefore written down in the directory, and later starts end there.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { syncPath } from '../adapters/journal-common/files.ts';

const MARKER = 'condemned';

/** Writes the refusal down, flushed. What cannot be written is not worth a second error: the node is ending. */
export function condemn(directory: string, reason: string): boolean {
  try {
    writeFileSync(join(directory, MARKER), `${reason}\n`, { mode: 0o600, flush: true });
    syncPath(directory);
    return true;
  } catch {
    return false; // The caller says so; without the marker the peers' own refusal still stands.
  }
}

/** @throws STORAGE_REPLACED when peers refused this directory before */
export function refuseCondemned(directory: string): void {
  const path = join(directory, MARKER);
  if (!existsSync(path)) return;
  throw new QuorateError(
    'STORAGE_REPLACED',
    `peers refused ${directory} before: ${readFileSync(path, 'utf8').trim()}. Put the right directory back; ${path} says so at every start`,
  );
}
