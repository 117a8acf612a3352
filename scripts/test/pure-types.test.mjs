// The pure folders compile without Node's and the browser's types: under their settings, names that reach for a timer,
// the process or Node's Buffer must not type-check, and plain arithmetic must.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from '../lib/workspaces.mjs';

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const OUTSIDE = {
  setTimeout: 'setTimeout(() => {}, 1);',
  process: 'export const pid: number = process.pid;',
  Buffer: 'export const bytes: Uint8Array = Buffer.alloc(1);',
  console: "console.log('');",
  fetch: "void fetch('');",
  performance: 'export const at: number = performance.now();',
};

for (const project of ['packages/core/tsconfig.pure.json', 'packages/wire/tsconfig.json']) {
  describe(`pure types of ${project}`, function () {
    this.timeout(30_000);

    for (const [name, source] of Object.entries(OUTSIDE)) {
      it(`does not know ${name}`, () => {
        const { status, output } = compile(project, source);
        assert.notEqual(status, 0, 'the planted file must not compile');
        assert.match(
          output,
          new RegExp(`planted\\.ts\\(1,\\d+\\): error TS(2304|2580|2584|2591): Cannot find name '${name}'`),
        );
      });
    }

    it("does not know Node's modules", () => {
      const { output } = compile(project, "import { readFileSync } from 'node:fs';\nreadFileSync('');");
      assert.match(output, /planted\.ts\(1,\d+\): error TS(2307|2591): Cannot find (module|name) 'node:fs'/);
    });

    it('compiles arithmetic', () => {
      const source = 'export const sum = (bytes: Uint8Array): number => bytes.reduce((a, b) => a + b, 0);';
      assert.deepEqual(compile(project, source), { status: 0, output: '' });
    });
  });
}

/** Compiles one file, which is not in the repository, under the settings of a project that is. */
function compile(project, source) {
  const dir = mkdtempSync(join(tmpdir(), 'quorate-pure-'));
  try {
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(dir, 'planted.ts'), `${source}\n`);
    const settings = {
      extends: join(ROOT, project),
      compilerOptions: { rootDir: '.', outDir: 'out', tsBuildInfoFile: 'out/buildinfo' },
      files: ['planted.ts'],
      include: [],
      references: [],
    };
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(settings));
    const { status, stdout, stderr } = spawnSync(process.execPath, [TSC, '-p', dir, '--pretty', 'false'], {
      cwd: dir,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
