/**
 * The disk of a segment journal as a directory of files. Writes are durable one by one: through a descriptor that
 * the system writes through to the drive (O_DSYNC) where there is such a thing, else by a flush after each.
 */
import {
  close as closeLater,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  open,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { JournalDisk, JournalFile } from '../../ports/journal-disk.ts';
import { lockDirectory } from '../journal-common/directory-lock.ts';
import { ensureDirectory, syncPath } from '../journal-common/files.ts';

const FILE_MODE = 0o600;
const WROTE_NOTHING = 'the system wrote nothing';
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
    return this.#openFile(name, constants.O_RDWR);
  }

  create(name: string): JournalFile {
    return this.#openFile(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
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
      fsync(descriptor, (error) => closeLater(descriptor, () => done(error ?? undefined)));
    });
  }

  #openFile(name: string, flags: number): JournalFile {
    const through = this.#writesThrough ? constants.O_DSYNC : 0;
    return new NodeFile(openSync(join(this.path, name), flags | through, FILE_MODE), this.#writesThrough);
  }
}

class NodeFile implements JournalFile {
  readonly #descriptor: number;
  readonly #writesThrough: boolean;
  #underWay = 0;
  #isClosed = false;

  constructor(descriptor: number, writesThrough: boolean) {
    this.#descriptor = descriptor;
    this.#writesThrough = writesThrough;
  }

  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  read(into: Uint8Array, position: number): number {
    let read = 0;
    while (read < into.length) {
      const bytes = readSync(this.#descriptor, into, read, into.length - read, position + read);
      if (bytes === 0) break;
      read += bytes;
    }
    return read;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let from = 0; from < bytes.length; ) {
      const written = writeSync(this.#descriptor, bytes, from, bytes.length - from, position + from);
      if (written === 0) throw new Error(WROTE_NOTHING);
      from += written;
    }
    if (!this.#writesThrough) fdatasyncSync(this.#descriptor);
  }

  writeLater(bytes: Uint8Array, position: number, done: (error: unknown) => void): void {
    this.#underWay += 1;
    const finish = (error: unknown): void => {
      this.#underWay -= 1;
      if (this.#isClosed) this.#release();
      done(error ?? undefined);
    };
    const step = (from: number): void => {
      write(this.#descriptor, bytes, from, bytes.length - from, position + from, (error, written) => {
        if (error !== null) finish(error);
        else if (written === 0) finish(new Error(WROTE_NOTHING));
        else if (from + written < bytes.length) step(from + written);
        else if (!this.#writesThrough) fdatasync(this.#descriptor, finish);
        else finish(undefined);
      });
    };
    step(0);
  }

  truncate(bytes: number): void {
    ftruncateSync(this.#descriptor, bytes);
  }

  sync(): void {
    fsyncSync(this.#descriptor);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    if (this.#underWay > 0) return;
    try {
      closeSync(this.#descriptor);
    } catch {
      // Everything that was written was durable when its write ended: nothing hangs on this.
    }
  }
}
