// A promise that nobody handles must fail the run, although the test that started it is content.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from '../lib/workspaces.mjs';

const MOCHA = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');

describe('settings of a mocha run', function () {
  this.timeout(30_000);

  it('an unhandled rejection fails it', () => {
    const { status, output } = runMocha("it('x', () => { void Promise.reject(new Error('lost')); });");
    assert.notEqual(status, 0);
    assert.match(output, /lost/);
  });

  it('a rejection after the last test fails it', () => {
    const { status, output } = runMocha(
      "it('x', () => { setImmediate(() => setImmediate(() => void Promise.reject('late'))); });",
    );
    assert.notEqual(status, 0);
    assert.match(output, /unhandled rejection: late/);
  });

  it('a test that is skipped or alone fails it', () => {
    for (const [word, reason] of [
      ['skip', /Pending test forbidden/],
      ['only', /`\.only` forbidden/],
    ]) {
      const { status, output } = runMocha(`it.${word}('x', () => {});`);
      assert.notEqual(status, 0, word);
      assert.match(output, reason);
    }
  });

  it('a handled rejection does not', () => {
    const { status, output } = runMocha("it('x', () => Promise.reject(new Error('seen')).catch(() => 1));");
    assert.equal(status, 0, output);
  });
});

function runMocha(source) {
  const dir = mkdtempSync(join(tmpdir(), 'quorate-mocha-'));
  try {
    const file = join(dir, 'planted.mjs');
    writeFileSync(file, source);
    const args = [MOCHA, '--config', join(ROOT, '.mocharc.mjs'), file];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
