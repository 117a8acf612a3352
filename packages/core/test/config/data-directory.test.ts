/** Purpose: the data directory is made with all above it, and a place that takes none is named instead of waited for. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from '#src/config/data-directory.ts';

describe('the data directory', () => {
  const base = mkdtempSync(join(tmpdir(), 'quorate-data-'));
  after(() => rmSync(base, { recursive: true }));

  it('is made with all above it, for its owner alone, and is left alone when it is there', () => {
    const path = join(base, 'a', 'b', 'node-1');
    makeDirectory(path);
    makeDirectory(path);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(statSync(join(base, 'a')).mode & 0o777, 0o700);
  });

  it('is refused where a file stands in its way', () => {
    const file = join(base, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'node-1')])
      assert.throws(() => makeDirectory(path), {
        code: 'CONFIG_INVALID',
        message: `the directory ${path} cannot be made: EEXIST: file already exists, mkdir '${file}'`,
      });
  });

  if (existsSync('/proc/self'))
    it('is refused where the system makes none, at once', () => {
      assert.throws(() => makeDirectory('/proc/quorate/node-1'), {
        code: 'CONFIG_INVALID',
        message: /^the directory \/proc\/quorate\/node-1 cannot be made: E/,
      });
    });
});
