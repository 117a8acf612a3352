/**
 * Purpose: what `quorate new-backend` writes works as it is: it passes the conformance kit, its own test, and runs on nodes.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quorate } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

/** test/e2e and dist-test/e2e are both four levels below the root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const MOCHA = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');

describe('quorate new-backend', function () {
  this.timeout(60_000);

  it('writes a backend that passes every check and runs', async () => {
    using directory = new TemporaryDirectory();
    symlinkSync(join(ROOT, 'node_modules'), directory.file('node_modules'), 'junction');
    const made = await quorate(['new-backend', 'shopping-list'], { cwd: directory.path });
    assert.equal(made.code, 0, made.stderr);
    const files = readdirSync(directory.file('shopping-list')).sort();
    assert.deepEqual(
      made.stdout.trimEnd().split('\n').sort(),
      files.map((file) => join('shopping-list', file)),
    );
    const cwd = directory.file('shopping-list');
    // Nothing to install, and nothing that an install could fail at.
    await promisify(execFile)('npm', ['install', '--offline', '--no-audit', '--no-fund'], { cwd });
    const conform = await quorate(['conform', './shopping-list.mjs', '-w', 'json'], { cwd });
    assert.equal(conform.code, 0, conform.stdout);
    const tested = await promisify(execFile)(process.execPath, [MOCHA, 'shopping-list.test.mjs'], { cwd });
    assert.match(tested.stdout, /refuses options that make no sense/);
    const input = 'note milk "two bottles"\nread milk\nnote eggs 6\nnames\n';
    const run = await quorate(['up', '--temporary'], { cwd, input });
    assert.deepEqual(
      { code: run.code, stdout: run.stdout },
      { code: 0, stdout: 'two bottles\ntwo bottles\n6\neggs milk\n' },
    );
  });

  it('writes over nothing, and takes only names that packages may have', async () => {
    using directory = new TemporaryDirectory();
    for (const name of ['Shouting', '../elsewhere', '9lives', '']) {
      const run = await quorate(['new-backend', name], { cwd: directory.path });
      assert.equal(run.code, 2, run.stderr);
    }
    assert.equal((await quorate(['new-backend', 'mine'], { cwd: directory.path })).code, 0);
    const again = await quorate(['new-backend', 'mine'], { cwd: directory.path });
    assert.deepEqual(
      [again.code, again.stderr],
      [2, 'quorate: ARGUMENT: mine is there already; nothing was written\n'],
    );
  });
});
