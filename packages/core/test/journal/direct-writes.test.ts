/** Files of a journal that are written past the cache of the system, where it can: same bytes, and nothing left open. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { alignedMemory, beginsAt } from '#src/adapters/segment-journal/aligned-memory.ts';
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import { NodeFile } from '#src/adapters/segment-journal/node-file.ts';
import type { JournalFile } from '#src/ports/journal-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';

const SECTOR = 512;
/** A write of zeros to it is refused with EINVAL, as one of small sectors is by a drive with large ones. */
const REFUSES_ZEROS = '/proc/self/oom_score_adj';

describe('writes past the cache of the system', () => {
  let temporary: TemporaryDirectory;
  let path: string;
  before(function () {
    if (process.platform !== 'linux') this.skip();
  });
  beforeEach(function () {
    temporary = temporaryDirectory();
    path = join(temporary.path, 'file');
  });
  afterEach(() => temporary?.remove());

  it('are used for a new file, until it is cut', async function () {
    const file = new NodeDisk(temporary.path).create('file');
    if (directDescriptors(path) === 0) this.skip(); // A file system that cannot.
    assert.deepEqual([descriptors(path), directDescriptors(path)], [2, 1]);
    await written(file, alignedMemory(4 * SECTOR), 0);
    file.truncate(SECTOR);
    assert.deepEqual([descriptors(path), directDescriptors(path)], [1, 0]);
    file.close();
    assert.equal(descriptors(path), 0);
  });

  it('are not used for a file that flushes after each write', () => {
    const file = new NodeDisk(temporary.path, false).create('file');
    assert.deepEqual([descriptors(path), directDescriptors(path)], [1, 0]);
    file.close();
  });

  it('leave what was written, whichever way each piece took', async () => {
    const disk = new NodeDisk(temporary.path);
    const file = disk.create('file');
    const whole = disk.memory(8 * SECTOR).fill('w');
    file.write(Buffer.alloc(8 * SECTOR), 0);
    await written(file, whole.subarray(0, 4 * SECTOR), 0);
    await written(file, Buffer.from('not a sector'), SECTOR);
    await written(file, whole.subarray(0, 2 * SECTOR), 5 * SECTOR);
    await written(file, whole.subarray(SECTOR, SECTOR + 100), 7 * SECTOR);
    const expected = Buffer.alloc(8 * SECTOR);
    expected.fill('w', 0, 4 * SECTOR).write('not a sector', SECTOR);
    expected.fill('w', 5 * SECTOR, 7 * SECTOR + 100);
    const read = Buffer.alloc(8 * SECTOR);
    assert.equal(file.read(read, 0), read.length);
    assert.deepEqual(read, expected);
    file.close();
    assert.deepEqual(readFileSync(path), expected);
  });

  it('are given up for good, with nothing lost, when the drive refuses one', async () => {
    const { O_RDWR, O_CREAT, O_DSYNC, O_WRONLY } = constants;
    const refusing = openSync(REFUSES_ZEROS, O_WRONLY);
    const file = new NodeFile(openSync(path, O_RDWR | O_CREAT | O_DSYNC), true, refusing);
    await written(file, alignedMemory(2 * SECTOR).fill('x', SECTOR), 0);
    assert.deepEqual(readFileSync(path), Buffer.alloc(2 * SECTOR).fill('x', SECTOR));
    assert.throws(() => closeSync(refusing), { code: 'EBADF' }, 'its descriptor was closed');
    file.close();
  });

  it('end before a file is closed', async () => {
    const disk = new NodeDisk(temporary.path);
    const file = disk.create('file');
    const ended = written(file, disk.memory(4 * SECTOR).fill('e'), 0);
    file.close();
    assert.notEqual(descriptors(path), 0, 'it is still being written');
    await ended;
    assert.equal(descriptors(path), 0);
    assert.deepEqual(readFileSync(path), Buffer.alloc(4 * SECTOR).fill('e'));
  });

  it('are refused when the file was closed, and another one that has its number now is left alone', async () => {
    const disk = new NodeDisk(temporary.path);
    const file = disk.create('file');
    file.close();
    const other = disk.create('other');
    await written(other, disk.memory(4 * SECTOR).fill('o'), 0);
    assert.throws(() => file.truncate(SECTOR), /closed/);
    assert.throws(() => file.write(Buffer.alloc(SECTOR), 0), /closed/);
    assert.throws(() => file.writeLater(disk.memory(SECTOR), 0, () => undefined), /closed/);
    assert.throws(() => file.read(Buffer.alloc(SECTOR), 0), /closed/);
    assert.throws(() => file.size, /closed/);
    file.close();
    assert.equal(other.size, 4 * SECTOR);
    other.close();
    assert.deepEqual(readFileSync(join(temporary.path, 'other')), Buffer.alloc(4 * SECTOR).fill('o'));
  });

  it('are told from others by where their memory begins', () => {
    const memory = alignedMemory(100_000);
    assert.ok(memory.every((byte) => byte === 0) && memory.length === 100_000);
    assert.ok(beginsAt(memory, SECTOR) && beginsAt(memory.subarray(SECTOR), SECTOR));
    assert.ok(!beginsAt(memory.subarray(16), SECTOR));
    assert.ok(!beginsAt(Buffer.alloc(SECTOR), SECTOR), 'nobody knows where that lies');
  });

  it('are done without when the system has no such memory, which is asked for once', () => {
    const script = `
      let asked = 0;
      WebAssembly.Memory = class { constructor() { asked += 1; throw new RangeError('no room'); } };
      const { alignedMemory, beginsAt } = await import(process.argv[1]);
      const pieces = [1, 2, 3].map((kib) => alignedMemory(kib * 1024));
      console.log(asked, pieces.map(({ length }) => length).join(), pieces.some((piece) => beginsAt(piece, 512)));`;
    const module = import.meta.resolve('#src/adapters/segment-journal/aligned-memory.ts');
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', script, module], {
      encoding: 'utf8',
    });
    assert.equal(told, '1 1024,2048,3072 false\n');
  });
});

function written(file: JournalFile, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) =>
    file.writeLater(bytes, position, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

function descriptors(path: string): number {
  return descriptorsOf(path).length;
}

function directDescriptors(path: string): number {
  const flagsOf = (descriptor: string): number =>
    Number.parseInt(
      /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0',
      8,
    );
  return descriptorsOf(path).filter((descriptor) => (flagsOf(descriptor) & constants.O_DIRECT) !== 0).length;
}

function descriptorsOf(path: string): string[] {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
    } catch {
      return false; // The one that lists the directory.
    }
  });
}
