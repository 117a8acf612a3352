/**
 * What a soak has done so far, in a file, so that it goes on where it was interrupted.
 *
 * The file is replaced as a whole after every part: a reader finds the old one or the new one.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { wrongUse } from '../command-line/index.ts';
import type { Tally } from './programs.ts';

export type PartResult = {
  readonly ok: boolean;
  readonly seconds: number;
  readonly tally: Tally;
  /** How often it went through each kind of trouble, where the program counts that. */
  readonly coverage?: Tally;
  /** The last line that was printed: the verdict of most programs. */
  readonly lastLine: string;
  /** All that was printed, when it failed. */
  readonly log?: string;
};

export type Progress = {
  readonly version: 1;
  readonly minutes: number;
  readonly firstSeed: number;
  /** The commit that was running when it began, as far as that is known. */
  readonly code: string;
  /** By command line. */
  readonly parts: Readonly<Record<string, PartResult>>;
};

/** Undefined when there is none. @throws ARGUMENT for a file that is something else */
export function readProgress(path: string): Progress | undefined {
  if (!existsSync(path)) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    read = undefined;
  }
  if (!isProgress(read)) throw wrongUse(`${path} is not the progress of a soak; --fresh begins another`);
  return read;
}

export function writeProgress(path: string, progress: Progress): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(progress, undefined, 1)}\n`);
  renameSync(`${path}.new`, path);
}

function isProgress(value: unknown): value is Progress {
  if (typeof value !== 'object' || value === null) return false;
  const { version, minutes, firstSeed, code, parts } = value as Partial<Record<keyof Progress, unknown>>;
  return (
    version === 1 &&
    typeof minutes === 'number' &&
    typeof firstSeed === 'number' &&
    typeof code === 'string' &&
    typeof parts === 'object' &&
    parts !== null
  );
}
