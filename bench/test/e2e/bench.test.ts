/** Purpose: the benchmark runs the baseline and Quorate in turn, prints their ratios, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sample } from '#src/ratios.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

describe('npm run bench', function () {
  this.timeout(120_000);

  it('prints the ratio table of what it was told to measure', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-bench-test-'));
    try {
      const json = join(directory, 'all.json');
      const args = [
        '--only',
        'baseline,quorate',
        '--quick',
        '--duration',
        '200',
        '--directory',
        directory,
        '--json',
        json,
      ];
      const stdout = await run(args);
      assert.match(stdout, /^flush of 4 KiB: append p50 [\d.]+ ms/m);
      assert.match(stdout, /^\| write +\| +1024 \| +1 \| +\d+\.\d+ \|/m);
      assert.match(
        stdout,
        /^\| writes, 64 in flight +\| +baseline \| at least 0\.6 \| +\d+\.\d+ \| +(?:met|missed) \|$/m,
      );
      const { samples } = JSON.parse(readFileSync(json, 'utf8')) as { samples: Sample[] };
      assert.deepEqual(new Set(samples.map(({ system }) => system)), new Set(['baseline', 'quorate']));
      assert.ok(samples.every(({ result }) => result.throughput > 0 && result.latencyMs.p50 > 0));
      assert.deepEqual(readdirSync(directory), ['all.json']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}
