// Where the workspaces are and what they are called. The list has one home, the root package.json;
// every script reads it from there, so that a new package is built, checked and tested without another edit.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** @returns {Array<{ name: string, short: string, dir: string, manifest: Record<string, any> }>} in declared order */
export function workspaces(root = ROOT) {
  return readJson(join(root, 'package.json')).workspaces.map((dir) => {
    const manifest = readJson(join(root, dir, 'package.json'));
    return { name: manifest.name, short: basename(dir), dir: join(root, dir), manifest };
  });
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
