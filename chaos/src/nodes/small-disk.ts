/**
 * A file system of a few megabytes for one node, so that its disk can be filled without filling the machine's.
 *
 * Needs the right to mount, which on most machines only root has. Where it is missing the run says so and leaves disk
 * full out; it never pretends. What is mounted is unmounted, also when the runner dies of an exception.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '@quorate/core/config';

const CHUNK_BYTES = 64 * 1024;
const mounted = new Set<string>();

process.on('exit', () => {
  for (const directory of mounted) unmount(directory);
});

export class SmallDisk implements Disposable {
  readonly directory: string;
  readonly #ballast: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.#ballast = join(directory, 'ballast');
  }

  /** Mounts over an existing, empty directory; a sentence says why when that is not possible here. */
  static mount(directory: string, megabytes: number): SmallDisk | { readonly problem: string } {
    if (process.platform !== 'linux') return { problem: `no small file systems on ${process.platform}` };
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', directory];
    const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' });
    if (status !== 0)
      return { problem: `mounting is not possible here: ${(error?.message ?? stderr).trim()}` };
    mounted.add(directory);
    return new SmallDisk(directory);
  }

  /** Leaves not a byte; returns how many it took. */
  fill(): number {
    const file = openSync(this.#ballast, 'w', 0o600);
    let filled = 0;
    try {
      for (let size = CHUNK_BYTES; size >= 1; ) {
        const written = tryWrite(file, Buffer.alloc(size));
        filled += written;
        if (written < size) size = Math.floor(size / 2);
      }
    } finally {
      closeSync(file);
    }
    return filled;
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  [Symbol.dispose](): void {
    unmount(this.directory);
  }
}

function tryWrite(file: number, bytes: Buffer): number {
  try {
    return writeSync(file, bytes);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOSPC') return 0;
    throw error;
  }
}

function unmount(directory: string): void {
  if (!mounted.delete(directory)) return;
  // A node that was just killed may still hold a file for a moment: then it goes when the file does.
  if (spawnSync('umount', [directory]).status !== 0) spawnSync('umount', ['-l', directory]);
}
