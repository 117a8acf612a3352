// Checks that imports point inward, never in a circle, and that the pure folders stay pure. The rules are data in
// lib/boundary-rules.mjs; this file finds what breaks them and says where, which rule, and what to do instead.
// The compiler guards the pure folders too (tsconfig.pure.json has no Node and no DOM types); this check adds
// what the language itself offers everywhere: Date, Math.random, promises.
import { readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { IMPURE_WORDS, RECURSIONS, ZONES } from './lib/boundary-rules.mjs';
import { filesBelow } from './lib/files.mjs';
import { importCycles } from './lib/import-cycles.mjs';
import { codeOnly, importsOf, lineOf } from './lib/source-text.mjs';
import { ROOT, readJson, workspaces } from './lib/workspaces.mjs';

/** @returns {{ fileCount: number, violations: string[] }} one finished sentence per violation, in order of packages */
export function checkTree(root) {
  const violations = [];
  let fileCount = 0;
  for (const workspace of workspaces(root)) {
    for (const folder of ['src', 'test']) {
      for (const path of filesBelow(join(workspace.dir, folder), '.ts')) {
        fileCount += 1;
        violations.push(...checkFile(root, path, workspace));
      }
    }
    violations.push(...checkCycles(root, workspace));
  }
  return { fileCount, violations };
}

function checkFile(root, path, workspace) {
  const file = toPosix(relative(root, path));
  const text = readFileSync(path, 'utf8');
  const zone = zoneOf(file);
  const imports = importsOf(text);
  const found = imports.flatMap((item) => checkWorkspace(root, path, item, workspace, file));
  if (zone !== undefined) found.push(...imports.flatMap((item) => checkImport(zone, file, item, workspace)));
  if (zone?.pure === true) found.push(...checkWords(zone, text));
  if (zone === undefined && file.startsWith('packages/core/src/')) {
    found.push({
      line: 1,
      rule: 'zone',
      text: 'no rule covers this folder',
      help: 'give it a row in scripts/lib/boundary-rules.mjs',
    });
  }
  return found
    .sort((a, b) => a.line - b.line)
    .map(
      ({ line, rule, text: what, help }) =>
        `${file}:${line}: [${rule}] ${what}${help === '' ? '' : `; ${help}`}`,
    );
}

/** What holds for every package: no path out of it, and no package that its manifest does not list. */
function checkWorkspace(root, path, { module, line }, workspace, file) {
  if (module.startsWith('.')) {
    const target = resolve(dirname(path), module);
    if (target.startsWith(workspace.dir + sep)) return [];
    return [
      {
        line,
        rule: 'own package',
        text: `'${module}' leaves the package`,
        help: 'import the other package by its name',
      },
    ];
  }
  if (module.startsWith('#') || module.startsWith('node:')) return [];
  const name = packageName(module);
  const listed = { ...workspace.manifest.dependencies, ...workspace.manifest.peerDependencies };
  if (!file.includes('/src/'))
    Object.assign(
      listed,
      workspace.manifest.devDependencies,
      readJson(join(root, 'package.json')).devDependencies,
    );
  if (name === workspace.name || name in listed) return [];
  return [
    {
      line,
      rule: 'declared',
      text: `'${name}' is not in ${workspace.short}/package.json`,
      help: 'add it to its dependencies or do without',
    },
  ];
}

function checkImport(zone, file, item, workspace) {
  const target = nameTarget(file, item.module, workspace);
  const may = zone.may;
  const allowed =
    may.includes('*') ||
    target === zone.name ||
    may.includes(target) ||
    (item.typeOnly && may.includes(`type ${target}`));
  if (allowed) return [];
  const onlyTypes = may.includes(`type ${target}`) ? ' as a value' : '';
  return [
    {
      line: item.line,
      rule: `${zone.name} imports`,
      text: `${zone.name} must not import '${item.module}'${onlyTypes}`,
      help: zone.help,
    },
  ];
}

/** Sources of one package that load each other in a circle. */
function checkCycles(root, workspace) {
  const imports = new Map(
    filesBelow(join(workspace.dir, 'src'), '.ts').map((path) => {
      const file = toPosix(relative(root, path));
      const values = importsOf(readFileSync(path, 'utf8')).filter(({ typeOnly }) => !typeOnly);
      return [file, values.map(({ module, line }) => ({ target: fileOf(file, module), line }))];
    }),
  );
  return importCycles(imports)
    .filter((cycle) => !RECURSIONS.some((pattern) => cycle.every(({ file }) => pattern.test(file))))
    .map((cycle) => {
      const [{ file, line }] = cycle;
      const way = [...cycle.slice(1), cycle[0]].map((step) => posix.relative(posix.dirname(file), step.file));
      return `${file}:${line}: [no cycles] imports itself by way of ${way.join(' -> ')}; move what both need into a file of its own`;
    });
}

/** The file that a relative import or one by `#src/` names, from the root; other modules come out as they are. */
function fileOf(file, module) {
  if (module.startsWith('.')) return posix.join(posix.dirname(file), module);
  if (!module.startsWith('#src/')) return module;
  return posix.join(file.split('/').slice(0, 2).join('/'), 'src', module.slice('#src/'.length));
}

/** The word of the rules table for what an import names. */
function nameTarget(file, module, workspace) {
  if (module.startsWith('node:')) return 'node:*';
  if (module.startsWith('.') || module.startsWith('#src/')) {
    const zone = zoneOf(fileOf(file, module));
    return zone === undefined || !file.includes('/src/') ? 'own package' : zone.name;
  }
  if (packageName(module) === workspace.name) return 'own package';
  return module.startsWith('@quorate/') || module === 'quorate' ? module : 'outside';
}

function checkWords(zone, text) {
  const code = codeOnly(text);
  return IMPURE_WORDS.flatMap(({ word, pattern, help }) =>
    [...code.matchAll(pattern)].map((match) => ({
      line: lineOf(code, match.index),
      rule: `${zone.name} is pure`,
      text: `'${word}' has no place in ${zone.name}`,
      help,
    })),
  );
}

function zoneOf(file) {
  return ZONES.find(({ dir, file: single }) => {
    if (single !== undefined) return file === single;
    return dir instanceof RegExp ? dir.test(file) : file.startsWith(`${dir}/`);
  });
}

function packageName(module) {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

function toPosix(path) {
  return path.split(sep).join('/');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { fileCount, violations } = checkTree(ROOT);
  for (const violation of violations) process.stdout.write(`${violation}\n`);
  process.stdout.write(`${violations.length} violations in ${fileCount} files\n`);
  process.exitCode = violations.length > 0 || fileCount === 0 ? 1 : 0;
}
