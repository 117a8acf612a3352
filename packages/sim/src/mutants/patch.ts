/**
 * Builds a copy of the product with a bug planted in it: the compiled packages in a directory of their own, in which
 * the patched sources are compiled anew. The product itself contains no switch and pays nothing.
 *
 * A patch names a source file and a text that must occur in it exactly once. When the code moves on and the text is
 * gone, building fails and says so: a mutant that quietly is no mutant proves nothing. Types are not checked; what the
 * tool that hunts the mutant reports must therefore be a property and not an accident (see bugbank/).
 */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** Replaces `find`, which must occur exactly once in `file`, by `replace`. */
export type Patch = {
  /** From the root of the repository, with slashes: `packages/core/src/protocol/acceptor.ts`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

export type MutantBuild = {
  /** Laid out like the repository: `packages/<name>/dist`, `dist-test`, `package.json`; `node_modules` beside them. */
  readonly directory: string;
  /** To be given to `import()`: the compiled form of `module` (`protocol/replica.js`) in `packages/<name>/dist`. */
  importPath(packageName: string, module: string): string;
  /** Deletes the directory. Idempotent. */
  remove(): void;
};

/** A patch does not fit the source it names any more. */
export class PatchError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PatchError';
  }
}

/** From `packages/sim/dist/mutants`. */
export const REPOSITORY: string = fileURLToPath(new URL('../../../../', import.meta.url));

/** The emit must be what `tsc -b` emits, file by file: nothing here depends on types. */
const COMPILER_FLAGS = [
  '--ignoreConfig', '--noCheck', '--noResolve', '--isolatedModules', '--verbatimModuleSyntax', '--rewriteRelativeImportExtensions',
  '--target', 'ES2023', '--module', 'ESNext', '--lib', 'ES2023', '--types', '',
];

/** @throws PatchError when a text does not occur exactly once; Error with the compiler's words when the result is no program */
export async function buildMutant(patches: readonly Patch[]): Promise<MutantBuild> {
  const patched = applyPatches(patches);
  const directory = mkdtempSync(join(tmpdir(), 'quorate-mutant-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    copyPackages(directory);
    linkModules(directory);
    await compile(directory, patched);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    directory,
    importPath: (packageName, module) => pathToFileURL(join(directory, 'packages', packageName, 'dist', module)).href,
    remove,
  };
}

/** The patched sources by file. Several patches of one file apply one after another. */
export function applyPatches(patches: readonly Patch[]): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const { file, find, replace } of patches) {
    const path = join(REPOSITORY, file);
    if (!/^packages\/[^/]+\/src\/.+\.ts$/.test(file) || !existsSync(path)) throw new PatchError(`there is no source ${file}`);
    const source = sources.get(file) ?? readFileSync(path, 'utf8');
    const count = source.split(find).length - 1;
    if (count !== 1) throw new PatchError(`the text to be replaced occurs ${count} times in ${file}, not once: ${JSON.stringify(find)}`);
    sources.set(file, source.split(find).join(replace));
  }
  return sources;
}

function copyPackages(directory: string): void {
  for (const name of readdirSync(join(REPOSITORY, 'packages'))) {
    const from = join(REPOSITORY, 'packages', name);
    const to = join(directory, 'packages', name);
    if (!existsSync(join(from, 'package.json'))) continue;
    copyTree(join(from, 'dist'), join(to, 'dist'), (file) => file.endsWith('.js'));
    copyTree(join(from, 'dist-test'), join(to, 'dist-test'), (file) => file.endsWith('.js'));
    // What compiled tests read beside their sources: transcripts, tables.
    copyTree(join(from, 'test'), join(to, 'test'), (file) => !file.endsWith('.ts') && !file.endsWith('.json'));
    copyFileSync(join(from, 'package.json'), join(to, 'package.json'));
  }
}

function copyTree(from: string, to: string, wanted: (file: string) => boolean): void {
  mkdirSync(to, { recursive: true });
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyTree(join(from, entry.name), join(to, entry.name), wanted);
    else if (wanted(entry.name)) copyFileSync(join(from, entry.name), join(to, entry.name));
  }
}

/** Packages of others where they are installed, and ours from this very copy. */
function linkModules(directory: string): void {
  const installed = join(REPOSITORY, 'node_modules');
  mkdirSync(join(directory, 'node_modules', '@quorate'), { recursive: true });
  for (const name of readdirSync(installed)) {
    if (name !== '@quorate' && !name.startsWith('.')) symlinkSync(join(installed, name), join(directory, 'node_modules', name));
  }
  for (const name of readdirSync(join(directory, 'packages'))) {
    symlinkSync(join(directory, 'packages', name), join(directory, 'node_modules', '@quorate', name));
  }
}

async function compile(directory: string, sources: ReadonlyMap<string, string>): Promise<void> {
  const byPackage = new Map<string, string[]>();
  for (const [file, source] of sources) {
    const path = join(directory, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, source);
    const root = join(directory, ...file.split('/').slice(0, 2));
    byPackage.set(root, [...(byPackage.get(root) ?? []), path]);
  }
  const compiler = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  for (const [root, files] of byPackage) {
    const places = ['--rootDir', join(root, 'src'), '--outDir', join(root, 'dist')];
    try {
      await promisify(execFile)(process.execPath, [compiler, ...COMPILER_FLAGS, ...places, ...files]);
    } catch (error) {
      const { stdout } = error as { readonly stdout?: string };
      throw new Error(`the patched source does not compile: ${stdout ?? String(error)}`, { cause: error });
    }
  }
}
