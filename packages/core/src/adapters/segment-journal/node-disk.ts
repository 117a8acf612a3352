/**
 * The disk of a segment journal as a directory of files. Writes are durable one by one: through a descriptor that
 * the system writes through to the drive (O_DSYNC) where there is such a thing, else by a flush after each. A file that is
 * created here is written past the cache of the system as well (O_DIRECT) where the file system can: a log is read back
 * seldom, and every page that the cache takes for it costs more than the write (docs/adr/0011-past-the-page-cache.md).
 */
import { close, constants, fsync, open, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalDisk, JournalFile } from '../../ports/journal-disk.ts';
import { lockDirectory } from '../journal-common/directory-lock.ts';
import { ensureDirectory, syncPath } from '../journal-common/files.ts';
import { alignedMemory } from './aligned-memory.ts';
import { NodeFile } from './node-file.ts';

const FILE_MODE = 0o600;
/** Not on macOS, where only a flush call of its own gets past the cache of the drive, and not on Windows. */
const CAN_WRITE_THROUGH = process.platform === 'linux';

export class NodeDisk implements JournalDisk {
  readonly path: string;
  readonly #writesThrough: boolean;

  /** `writesThrough`: false flushes after each write, on every system. */
  constructor(path: string, writesThrough: boolean = CAN_WRITE_THROUGH) {
    this.path = path;
    this.#writesThrough = writesThrough;
  }

  lock(): { release(): void } {
    ensureDirectory(this.path);
    return lockDirectory(this.path);
  }

  list(): readonly string[] {
    return readdirSync(this.path);
  }

  open(name: string): JournalFile {
    return new NodeFile(this.#open(name, constants.O_RDWR), this.#writesThrough);
  }

  create(name: string): JournalFile {
    const { O_RDWR, O_CREAT, O_EXCL } = constants;
    const descriptor = this.#open(name, O_RDWR | O_CREAT | O_EXCL);
    return new NodeFile(descriptor, this.#writesThrough, this.#openDirect(name));
  }

  memory(bytes: number): Buffer {
    return alignedMemory(bytes);
  }

  rename(from: string, to: string): void {
    renameSync(join(this.path, from), join(this.path, to));
  }

  remove(name: string): void {
    rmSync(join(this.path, name));
  }

  syncDirectory(done?: (error: unknown) => void): void {
    if (done === undefined) return syncPath(this.path);
    open(this.path, 'r', (openError, descriptor) => {
      if (openError !== null) return done(openError);
      fsync(descriptor, (error) => close(descriptor, () => done(error ?? undefined)));
    });
  }

  #open(name: string, flags: number): number {
    const through = this.#writesThrough ? constants.O_DSYNC : 0;
    return openSync(join(this.path, name), flags | through, FILE_MODE);
  }

  /** Undefined where there is no such thing, and when no descriptor is left: it is a faster way, not the only one. */
  #openDirect(name: string): number | undefined {
    if (!this.#writesThrough || constants.O_DIRECT === undefined) return undefined;
    try {
      return this.#open(name, constants.O_WRONLY | constants.O_DIRECT);
    } catch {
      return undefined;
    }
  }
}
