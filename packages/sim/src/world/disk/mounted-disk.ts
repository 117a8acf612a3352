/** The journal's ports to a simulated disk, for one life of a process; a dead one hears nothing any more. */
import type { JournalDisk, JournalFile } from '@quorate/core/ports';
import { failure } from './disk-faults.ts';
import type { SimDisk } from './sim-disk.ts';
import { SimFile } from './sim-file.ts';

/** The port, for one process. Synchronous writes take no time. */
export class MountedDisk implements JournalDisk {
  readonly path: string;
  readonly #disk: SimDisk;
  readonly #life: number;
  readonly #deliver: (callback: () => void) => void;

  constructor(disk: SimDisk, life: number, deliver: (callback: () => void) => void) {
    this.path = disk.path;
    this.#disk = disk;
    this.#life = life;
    this.#deliver = deliver;
  }

  lock(): { release(): void } {
    return this.#disk.lock();
  }

  list(): readonly string[] {
    return this.#disk.list();
  }

  open(name: string): JournalFile {
    this.#disk.mayRefuse('open');
    return new MountedFile(this.#disk, this.#disk.find(name), this.#life, this.#deliver);
  }

  create(name: string): JournalFile {
    this.#disk.mayRefuse('create');
    if (this.#disk.list().includes(name)) throw failure('EEXIST', `the file exists: ${name}`);
    const file = new SimFile();
    this.#disk.change((names) => names.set(name, file));
    return new MountedFile(this.#disk, file, this.#life, this.#deliver);
  }

  memory(bytes: number): Buffer {
    return Buffer.alloc(bytes);
  }

  rename(from: string, to: string): void {
    this.#disk.mayRefuse('rename');
    const file = this.#disk.find(from);
    this.#disk.change((names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  remove(name: string): void {
    this.#disk.mayRefuse('remove');
    this.#disk.find(name);
    this.#disk.change((names) => names.delete(name));
  }

  syncDirectory(done?: (error: unknown) => void): void {
    if (done === undefined) return this.#disk.flushNames();
    const count = this.#disk.pendingNames;
    this.#disk.flushLater(this.#life, () => {
      const error = outcomeOf(() => this.#disk.flushNames(count));
      this.#deliver(() => done(error));
    });
  }
}

class MountedFile implements JournalFile {
  readonly #disk: SimDisk;
  readonly #file: SimFile;
  readonly #life: number;
  readonly #deliver: (callback: () => void) => void;

  constructor(disk: SimDisk, file: SimFile, life: number, deliver: (callback: () => void) => void) {
    this.#disk = disk;
    this.#file = file;
    this.#life = life;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#file.current.length;
  }

  read(into: Uint8Array, position: number): number {
    return this.#disk.read(this.#file, into, position);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#disk.beginWrite(this.#file, bytes, position)();
  }

  writeLater(bytes: Uint8Array, position: number, done: (error: unknown) => void): void {
    let end: () => void;
    try {
      end = this.#disk.beginWrite(this.#file, bytes, position);
    } catch (error) {
      end = () => {
        throw error;
      };
    }
    this.#disk.flushLater(this.#life, () => {
      const error = outcomeOf(end);
      this.#deliver(() => done(error));
    });
  }

  truncate(bytes: number): void {
    this.#disk.mayRefuse('truncate');
    this.#file.truncate(bytes);
  }

  sync(): void {
    this.#file.sync();
  }

  close(): void {
    // Nothing is held.
  }
}

function outcomeOf(end: () => void): unknown {
  try {
    end();
    return undefined;
  } catch (error) {
    return error;
  }
}
