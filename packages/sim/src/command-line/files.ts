/** Files and directories that a command line names: what cannot be used is refused before anything is run. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { quoted, wrongUse } from './tool.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read',
};

/** @throws ARGUMENT with the reason when it cannot be read */
export function readInput(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw wrongUse(`${quoted(path)} cannot be read: ${REASONS[code] ?? message}`);
  }
}

/** A file that will be written, in a directory that is there. @throws ARGUMENT when that cannot be */
export function fileToWrite(name: string, path: string): string {
  if (kindOf(path) === 'directory') throw refusal(name, 'a file', path, 'it is a directory');
  const parent = dirname(resolve(path));
  if (kindOf(parent) !== 'directory')
    throw refusal(name, 'a file', path, `there is no directory ${quoted(parent)}`);
  if (!isWritable(parent)) throw refusal(name, 'a file', path, `${quoted(parent)} may not be written`);
  return path;
}

/** @throws ARGUMENT unless it is there and may be written into */
export function existingDirectory(name: string, path: string): string {
  const kind = kindOf(path);
  if (kind !== 'directory')
    throw refusal(name, 'a directory', path, kind === undefined ? 'it is not there' : 'it is none');
  if (!isWritable(path)) throw refusal(name, 'a directory', path, 'it may not be written');
  return path;
}

/** A directory that is there or can be made. @throws ARGUMENT when it cannot */
export function directoryToMake(name: string, path: string): string {
  let nearest = resolve(path);
  while (kindOf(nearest) === undefined && dirname(nearest) !== nearest) nearest = dirname(nearest);
  if (kindOf(nearest) !== 'directory') throw refusal(name, 'a directory', path, `${quoted(nearest)} is none`);
  if (!isWritable(nearest)) throw refusal(name, 'a directory', path, `${quoted(nearest)} may not be written`);
  return path;
}

function refusal(name: string, what: string, path: string, why: string): Error {
  return wrongUse(`${name} takes ${what}, and ${quoted(path)} cannot be used: ${why}`);
}

function kindOf(path: string): 'directory' | 'other' | undefined {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'other';
  } catch {
    return undefined;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
