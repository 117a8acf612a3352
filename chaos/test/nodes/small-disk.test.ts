/** Purpose: a small disk can be filled to the last byte and emptied again, or the machine's reason why not is known. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '#src/nodes/small-disk.ts';

const MEGABYTES = 4;

describe('small disk', () => {
  it('is full, then has room again, and is gone after use', () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-small-disk-'));
    try {
      const mounted = SmallDisk.mount(directory, MEGABYTES);
      if (!(mounted instanceof SmallDisk)) {
        process.stdout.write(`      NOT TESTED: ${mounted.problem}\n`);
        assert.ok(mounted.problem.length > 0);
        return;
      }
      using disk = mounted;
      const path = join(directory, 'data');
      writeFileSync(path, 'before');
      const filled = disk.fill();
      assert.ok(
        filled > (MEGABYTES - 1) * 1024 * 1024 && filled <= MEGABYTES * 1024 * 1024,
        `${filled} bytes`,
      );
      assert.throws(() => writeFileSync(join(directory, 'more'), Buffer.alloc(8192)), { code: 'ENOSPC' });
      disk.empty();
      writeFileSync(join(directory, 'more'), Buffer.alloc(8192));
      disk[Symbol.dispose]();
      assert.deepEqual(readdirSync(directory), []);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
