/**
 * One file of a journal in a directory. Owns its descriptors, the choice between them, and that none of them is closed
 * while the system writes from it.
 */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  readSync,
  write,
  writeSync,
} from 'node:fs';
import type { JournalFile } from '../../ports/journal-disk.ts';
import { beginsAt } from './aligned-memory.ts';
import { SECTOR_BYTES } from './layout.ts';

const WROTE_NOTHING = 'the system wrote nothing';
const CLOSED = 'the file is closed';
/** What a system says that cannot write these bytes directly, before it has written any of them. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

export class NodeFile implements JournalFile {
  readonly #descriptor: number;
  readonly #writesThrough: boolean;
  /** Goes past the cache of the system. Undefined when there is none, or none any more. */
  #direct: number | undefined;
  /** A direct descriptor that is no longer used, and is closed when nothing is under way. */
  #leftDirect: number | undefined;
  #underWay = 0;
  #isClosed = false;

  constructor(descriptor: number, writesThrough: boolean, direct?: number) {
    this.#descriptor = descriptor;
    this.#writesThrough = writesThrough;
    this.#direct = direct;
  }

  get size(): number {
    return fstatSync(this.#openDescriptor).size;
  }

  read(into: Uint8Array, position: number): number {
    const descriptor = this.#openDescriptor;
    let read = 0;
    while (read < into.length) {
      const bytes = readSync(descriptor, into, read, into.length - read, position + read);
      if (bytes === 0) break;
      read += bytes;
    }
    return read;
  }

  write(bytes: Uint8Array, position: number): void {
    const descriptor = this.#openDescriptor;
    for (let from = 0; from < bytes.length; ) {
      const written = writeSync(descriptor, bytes, from, bytes.length - from, position + from);
      if (written === 0) throw new Error(WROTE_NOTHING);
      from += written;
    }
    if (!this.#writesThrough) fdatasyncSync(descriptor);
  }

  writeLater(bytes: Uint8Array, position: number, done: (error: unknown) => void): void {
    const descriptor = this.#openDescriptor;
    this.#underWay += 1;
    const finish = (error: unknown): void => {
      this.#underWay -= 1;
      this.#release();
      done(error ?? undefined);
    };
    const step = (from: number): void => {
      const direct = this.#directFor(bytes, from, position);
      write(direct ?? descriptor, bytes, from, bytes.length - from, position + from, (error, written) => {
        if (error !== null && direct !== undefined && REFUSALS.has(error.code)) {
          // The drive has larger sectors, or the file system only looked as if it could.
          this.#leaveDirect();
          step(from);
        } else if (error !== null) finish(error);
        else if (written === 0) finish(new Error(WROTE_NOTHING));
        else if (from + written < bytes.length) step(from + written);
        else if (!this.#writesThrough) fdatasync(descriptor, finish);
        else finish(undefined);
      });
    };
    step(0);
  }

  /** Only a finished file is cut, so what it needs for fast writing is given back. */
  truncate(bytes: number): void {
    const descriptor = this.#openDescriptor;
    this.#leaveDirect();
    this.#release();
    ftruncateSync(descriptor, bytes);
  }

  sync(): void {
    fsyncSync(this.#openDescriptor);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leaveDirect();
    this.#release();
  }

  /** @throws when it was closed: the system may have given its number to another file since. */
  get #openDescriptor(): number {
    if (this.#isClosed) throw new Error(CLOSED);
    return this.#descriptor;
  }

  /** Sectors in memory that begins at a sector, to a place that does. */
  #directFor(bytes: Uint8Array, from: number, position: number): number | undefined {
    const isWhole =
      from % SECTOR_BYTES === 0 && bytes.length % SECTOR_BYTES === 0 && position % SECTOR_BYTES === 0;
    return isWhole && beginsAt(bytes, SECTOR_BYTES) ? this.#direct : undefined;
  }

  #leaveDirect(): void {
    this.#leftDirect ??= this.#direct;
    this.#direct = undefined;
  }

  #release(): void {
    if (this.#underWay > 0) return;
    if (this.#leftDirect !== undefined) closeQuietly(this.#leftDirect);
    this.#leftDirect = undefined;
    if (this.#isClosed) closeQuietly(this.#descriptor);
  }
}

/** Everything that was written was durable when its write ended: nothing hangs on this. */
function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // Said above.
  }
}
