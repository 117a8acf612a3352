// A directory walk in a stable order. Missing directories count as empty: most packages lack some of the folders
// that the scripts ask for.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NEVER_ENTERED = new Set(['node_modules', 'dist', 'dist-test', '.tsbuild', 'coverage']);

/** Files below `dir` whose name ends with `suffix`, absolute when `dir` is, sorted by name within each folder. */
export function filesBelow(dir, suffix) {
  if (!existsSync(dir)) return [];
  const entries = readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return NEVER_ENTERED.has(entry.name) ? [] : filesBelow(path, suffix);
    return entry.name.endsWith(suffix) ? [path] : [];
  });
}
