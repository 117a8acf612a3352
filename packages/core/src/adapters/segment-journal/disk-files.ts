/** Whole files of a journal's directory. */
import type { JournalDisk } from '../../ports/journal-disk.ts';

export function readWhole(disk: JournalDisk, name: string): Buffer {
  const file = disk.open(name);
  try {
    const bytes = Buffer.allocUnsafe(file.size);
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/** The content is durable when this returns; the name is after the next `syncDirectory`. */
export function writeNew(disk: JournalDisk, name: string, bytes: Uint8Array): void {
  const file = disk.create(name);
  try {
    file.write(bytes, 0);
  } finally {
    file.close();
  }
}

/** Durable when this returns. */
export function writeAt(disk: JournalDisk, name: string, bytes: Uint8Array, position: number): void {
  const file = disk.open(name);
  try {
    file.write(bytes, position);
  } finally {
    file.close();
  }
}
