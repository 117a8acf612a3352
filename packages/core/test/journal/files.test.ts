/** The directory of a journal: names that survive a power cut whoever made them, and a lock that hangs on nothing else. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from '#src/adapters/journal-common/directory-lock.ts';
import { ensureDirectory } from '#src/adapters/journal-common/files.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';

describe('the directory of a journal', () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, 'data', 'node-1', 'journal');
  });
  afterEach(() => temporary.remove());

  for (const madeBefore of [[], ['data', 'node-1'], ['data', 'node-1', 'journal']]) {
    it(`has its name and those above it flushed when ${madeBefore.at(-1) ?? 'nothing'} was there before`, () => {
      mkdirSync(join(temporary.path, ...madeBefore), { recursive: true });
      const flushed: string[] = [];
      ensureDirectory(directory, (path) => flushed.push(path));
      assert.ok(statSync(directory).isDirectory());
      assert.deepEqual(flushed.slice(0, 3), [
        join(temporary.path, 'data', 'node-1'),
        join(temporary.path, 'data'),
        temporary.path,
      ]);
    });
  }

  it('is locked and released although the number of its owner can be neither written nor removed', () => {
    mkdirSync(join(directory, 'owner'), { recursive: true });
    const lock = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), { code: 'JOURNAL_LOCKED', message: /by another process/ });
    lock.release();
    rmSync(join(directory, 'owner'), { recursive: true });
    lockDirectory(directory).release();
  });

  it('may lie in one that cannot be read, and not on a disk that fails', () => {
    const failWith = (code: string) => () => {
      throw Object.assign(new Error(code), { code });
    };
    ensureDirectory(directory, failWith('EACCES'));
    assert.throws(() => ensureDirectory(directory, failWith('EIO')), { code: 'EIO' });
  });
});
