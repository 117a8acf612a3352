/**
 * One flat directory of files as the segment journal sees it: the only way from that journal to a disk, so that the
 * simulator can put a disk of its own under the production code.
 *
 * What has been written is durable when the call that wrote it says so, not before. A name that was created, renamed
 * or removed is durable after `syncDirectory`. Calls without a callback work at once and throw what the system says.
 */
export interface JournalDisk {
  /** For messages: where this is. */
  readonly path: string;
  /** Creates the directory if need be. Ends with the process. @throws JOURNAL_LOCKED when somebody else has it. */
  lock(): { release(): void };
  /** Names of the files, in no order. */
  list(): readonly string[];
  /** For reading and writing. The file exists. */
  open(name: string): JournalFile;
  /** A new and empty file. Its name must not exist. */
  create(name: string): JournalFile;
  /** Memory of this many bytes, all zero, from which this disk likes best to write whole sectors. */
  memory(bytes: number): Buffer;
  /** Replaces a file that has the new name. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Makes the names durable, at once or, with a callback, beside other work. */
  syncDirectory(done?: (error: unknown) => void): void;
}

export interface JournalFile {
  /** In bytes. */
  readonly size: number;
  /** Fills `into` from `position` on. Returns how many bytes there were: fewer only at the end of the file. */
  read(into: Uint8Array, position: number): number;
  /** Durable when it returns. */
  write(bytes: Uint8Array, position: number): void;
  /**
   * Beside other work: durable when `done` runs without an error, which is never inside this call. The bytes must
   * not change before that. After an error any part of it, or none, may be on the disk.
   */
  writeLater(bytes: Uint8Array, position: number, done: (error: unknown) => void): void;
  /** Cuts the file; durable at some later time. */
  truncate(bytes: number): void;
  /** Makes everything that was ever written to the file durable. */
  sync(): void;
  /** What is under way ends first. Idempotent, and never fails: nothing hangs on it. */
  close(): void;
}
