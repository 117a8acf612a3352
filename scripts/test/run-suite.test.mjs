// What a run of tests amounts to: its numbers, what it printed, and how to repeat what failed; also when it crashes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runSuite } from '../lib/run-suite.mjs';
import { ROOT } from '../lib/workspaces.mjs';

describe('a run of tests', function () {
  this.timeout(120_000); // Each starts processes.
  const dir = mkdtempSync(join(tmpdir(), 'quorate-run-suite-'));
  after(() => rmSync(dir, { recursive: true, force: true }));

  const run = (name, text) => {
    const file = join(dir, `${name}.test.mjs`);
    writeFileSync(file, text);
    return runSuite({ short: name, dir, files: [file] });
  };

  it('has its numbers and what it printed', async () => {
    const outcome = await run('good', "describe('all', () => { it('goes well', () => {}); });");
    assert.deepEqual([outcome.passed, outcome.failed, outcome.repeat], [1, 0, []]);
    assert.match(outcome.output, /^\ngood\n[^]*goes well[^]*1 passing/);
  });

  it('gives a command line that repeats just what failed', async () => {
    const outcome = await run(
      'bad',
      `describe("it's", () => {
         it('fails $HOME "twice"', () => { throw new Error('as it should'); });
         it('passes', () => {});
       });
       describe('hooked', () => {
         before(() => { throw new Error('no ground'); });
         it('never runs', () => {});
       });`,
    );
    assert.deepEqual([outcome.passed, outcome.failed, outcome.repeat.length], [1, 2, 2]);
    assert.match(outcome.repeat[1], / -f 'hooked'$/);
    const again = spawnSync(outcome.repeat[0], { cwd: ROOT, shell: true, encoding: 'utf8' });
    assert.match(again.stdout, /0 passing[^]*1 failing[^]*as it should/);
  });

  it('counts a run that ends before its tests as a failure', async () => {
    const outcome = await run('gone', "describe('all', () => { it('leaves', () => process.exit(0)); });");
    assert.deepEqual([outcome.passed, outcome.failed], [0, 1]);
    assert.match(outcome.output, /gone: the run did not end properly \(0\)\n$/);
    assert.deepEqual(outcome.repeat, ['npm test -- gone']);
  });
});
