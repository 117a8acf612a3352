/** Purpose: a proof program whose reader goes away ends without a word, and does not say that anything was proved. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT_READER_GONE } from '#src/output.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

const PROGRAMS: readonly (readonly [string, ...string[]])[] = [
  ['dist/main.js', '--depth', 'core', '--seeds', '1..2'],
  ['dist/main.js', '--depth', 'engine', '--seed', '1', '--trace'],
  ['dist/bugbank/main.js', '--list'],
  ['dist/modelcheck/main.js', '--list'],
  ['dist/soak/main.js', '--minutes', '1', '--dir', join(tmpdir(), 'quorate-soak-without-reader')],
  ['dist-test/sweeps/main.js', '--graphs', '--sample', '1'],
];

describe('a proof program without a reader', function () {
  this.timeout(60_000);

  for (const [file, ...args] of PROGRAMS)
    it(`ends quietly, and not with success: ${[file, ...args].join(' ')}`, async () => {
      const child = spawn(process.execPath, [pathOf(file), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      // It begins to write when this has long happened.
      child.stdout.destroy();
      let complaint = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        complaint += text;
      });
      const [status] = (await once(child, 'close')) as [number | null];
      const mishap = complaint.split('\n').filter((line) => /error|EPIPE|^ +at /i.test(line));
      assert.deepEqual([status, mishap], [EXIT_READER_GONE, []], complaint);
    });
});
