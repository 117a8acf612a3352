/** A disk of which one call fails. Closing a file is no call: nothing hangs on it. */
import type { JournalDisk, JournalFile } from '#src/ports/journal-disk.ts';

export class RefusingDisk implements JournalDisk {
  readonly path: string;
  /** Calls so far, by name. */
  readonly calls: string[] = [];
  /** Files that were opened and not closed. */
  openFiles = 0;
  readonly #disk: JournalDisk;
  readonly #refused: number;

  /** `refused`: which call fails, from 0; none beyond the last one. */
  constructor(disk: JournalDisk, refused: number) {
    this.path = disk.path;
    this.#disk = disk;
    this.#refused = refused;
  }

  lock(): { release(): void } {
    return this.#disk.lock();
  }

  list(): readonly string[] {
    return this.#do('list', () => this.#disk.list());
  }

  open(name: string): JournalFile {
    return this.#do('open', () => this.#wrap(this.#disk.open(name)));
  }

  create(name: string): JournalFile {
    return this.#do('create', () => this.#wrap(this.#disk.create(name)));
  }

  memory(bytes: number): Buffer {
    return this.#do('memory', () => this.#disk.memory(bytes));
  }

  rename(from: string, to: string): void {
    this.#do('rename', () => this.#disk.rename(from, to));
  }

  remove(name: string): void {
    this.#do('remove', () => this.#disk.remove(name));
  }

  syncDirectory(done?: (error: unknown) => void): void {
    if (done === undefined) return this.#do('sync directory', () => this.#disk.syncDirectory());
    const refusal = this.#count('sync directory later');
    this.#disk.syncDirectory((error) => done(refusal ?? error));
  }

  #do<T>(name: string, call: () => T): T {
    const refusal = this.#count(name);
    if (refusal !== undefined) throw refusal;
    return call();
  }

  #count(name: string): Error | undefined {
    this.calls.push(name);
    if (this.calls.length - 1 !== this.#refused) return undefined;
    return Object.assign(new Error(`the system refuses: ${name}`), { code: 'EIO' });
  }

  #wrap(file: JournalFile): JournalFile {
    this.openFiles += 1;
    let isOpen = true;
    return {
      get size() {
        return file.size;
      },
      read: (into, position) => this.#do('read', () => file.read(into, position)),
      write: (bytes, position) => this.#do('write', () => file.write(bytes, position)),
      writeLater: (bytes, position, done) => {
        const refusal = this.#count('write later');
        // Half of it gets there.
        const written = refusal === undefined ? bytes : bytes.subarray(0, bytes.length / 2);
        file.writeLater(written, position, (error) => done(refusal ?? error));
      },
      truncate: (bytes) => this.#do('truncate', () => file.truncate(bytes)),
      sync: () => this.#do('sync', () => file.sync()),
      close: () => {
        if (isOpen) this.openFiles -= 1;
        isOpen = false;
        file.close();
      },
    };
  }
}
