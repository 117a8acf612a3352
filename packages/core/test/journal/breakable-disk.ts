/** A disk that refuses every write from a moment on. */
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import type { JournalFile } from '#src/ports/journal-disk.ts';

export class BreakableDisk extends NodeDisk {
  isBroken = false;

  override open(name: string): JournalFile {
    return this.#breakable(super.open(name));
  }

  override create(name: string): JournalFile {
    return this.#breakable(super.create(name));
  }

  #breakable(file: JournalFile): JournalFile {
    const write = file.write.bind(file);
    const writeLater = file.writeLater.bind(file);
    return Object.assign(file, {
      write: (bytes: Uint8Array, position: number) => {
        if (this.isBroken) throw refusal();
        write(bytes, position);
      },
      writeLater: (bytes: Uint8Array, position: number, done: (error: unknown) => void) => {
        if (this.isBroken) setImmediate(() => done(refusal()));
        else writeLater(bytes, position, done);
      },
    });
  }
}

function refusal(): Error {
  return Object.assign(new Error('EIO: the disk is broken'), { code: 'EIO' });
}
