/**
 * A copy of the compiled workspace with planted changes, in a directory of its own: how tools get a broken protocol
 * without a single switch in the product.
 *
 * Owns the copying, the patching and the module resolution of the copy: every `@quorate/...` import inside it leads
 * to the copy, everything else to the installed packages. What to plant, and what must notice, is for others to say.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * `file` names a source by package and path below `src`: `core/protocol/acceptor.ts`. The patch is applied to what
 * the compiler made of it, so `find` and `replace` are code without types. White space in `find` matches any white
 * space, a line break too; the rest matches literally, and must be there exactly once.
 */
export type Patch = { readonly file: string; readonly find: string; readonly replace: string };

export type Mutant = {
  readonly directory: string;
  /** Address of a module of the copy, for `import()`; `file` as in a patch. */
  urlOf(file: string): string;
  /** Deletes the directory. Modules that are loaded stay usable. */
  remove(): void;
};

/** The workspace that this file was compiled in. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const COPIED = ['wire', 'core', 'client', 'backend-kv', 'sim'];

export type CopyOptions = {
  /** Copies the compiled tests too, and the files that they read: transcripts, tables. */
  readonly withTests?: boolean;
};

/** Removed at the latest when the process ends, also when it is told to. */
const directories = new Set<string>();
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** @throws Error when a patch does not match exactly once; nothing is left behind then */
export function buildMutant(patches: readonly Patch[], { withTests = false }: CopyOptions = {}): Mutant {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'quorate-mutant-'));
  directories.add(directory);
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true });
    directories.delete(directory);
  };
  try {
    for (const name of COPIED) copyPackage(name, directory);
    if (withTests) for (const name of COPIED) copyTests(name, directory);
    linkModules(directory);
    for (const patch of patches) applyPatch(patch, directory);
  } catch (error) {
    remove();
    throw error;
  }
  return { directory, urlOf: (file) => pathToFileURL(compiledPath(directory, file)).href, remove };
}

function copyPackage(name: string, directory: string): void {
  const from = join(ROOT, 'packages', name);
  const to = join(directory, 'packages', name);
  mkdirSync(to, { recursive: true });
  cpSync(join(from, 'package.json'), join(to, 'package.json'));
  copyFolder(join(from, 'dist'), join(to, 'dist'));
}

function copyTests(name: string, directory: string): void {
  const from = join(ROOT, 'packages', name);
  const to = join(directory, 'packages', name);
  for (const folder of ['dist-test', 'test']) copyFolder(join(from, folder), join(to, folder));
}

/** Without what only compilers and debuggers read. */
function copyFolder(from: string, to: string): void {
  if (!existsSync(from)) return;
  cpSync(from, to, { recursive: true, filter: (path) => !/\.(?:ts|map|tsbuildinfo)$/.test(path) });
}

/** Links every installed package, and our own names to the copies. */
function linkModules(directory: string): void {
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '@quorate'), { recursive: true });
  for (const entry of readdirSync(join(ROOT, 'node_modules'))) {
    if (entry.startsWith('.') || entry === '@quorate') continue;
    symlinkSync(join(ROOT, 'node_modules', entry), join(modules, entry));
  }
  for (const name of COPIED) symlinkSync(join(directory, 'packages', name), join(modules, '@quorate', name));
}

function applyPatch(patch: Patch, directory: string): void {
  const path = compiledPath(directory, patch.file);
  // Copied, not linked: the original keeps its text.
  writeFileSync(path, patched(readFileSync(path, 'utf8'), patch));
}

/** Whether the patches fit the workspace as it is compiled now. @throws Error like `buildMutant`; copies nothing */
export function checkPatches(patches: readonly Patch[]): void {
  const texts = new Map<string, string>();
  for (const patch of patches) {
    const text = texts.get(patch.file) ?? readFileSync(compiledPath(ROOT, patch.file), 'utf8');
    texts.set(patch.file, patched(text, patch));
  }
}

function patched(text: string, { file, find, replace }: Patch): string {
  const words = find
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  const matches = [...text.matchAll(new RegExp(words.join('\\s+'), 'g'))];
  const match = matches[0];
  if (match === undefined || matches.length > 1) {
    throw new Error(
      `the patch of ${basename(file)} matches ${matches.length} times instead of once: ${find}`,
    );
  }
  return text.slice(0, match.index) + replace + text.slice(match.index + match[0].length);
}

/** `core/protocol/acceptor.ts` is compiled to `packages/core/dist/protocol/acceptor.js`. */
function compiledPath(directory: string, file: string): string {
  const [name = '', ...path] = file.split('/');
  return join(directory, 'packages', name, 'dist', ...path).replace(/\.ts$/, '.js');
}
