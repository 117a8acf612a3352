/**
 * A second opinion on how far the journal got, outside the database: the number of the last transaction that was
 * acknowledged.
 *
 * Why: SQLite recovers its write-ahead log up to the first frame that does not check, and forgets what follows
 * without a word. That is right after a power cut in the middle of a commit and wrong when an acknowledged frame
 * has rotted or the file was cut short. The witness tells the two apart: a database behind it has lost something
 * that was promised to others.
 *
 * The number is written after each commit and before its acknowledgement, into two places in turn, without a
 * flush. So it survives the death of the process exactly, and may lag after a power cut; it is never ahead of
 * an honest disk. It is flushed at open, when the journal settles, and at close.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { corrupt } from '../journal-common/trouble.ts';

export const WITNESS_FILE = 'witness';

/** The two places lie in different pages, so that one torn write cannot hurt both. */
const PLACE_BYTES = 4096;
const MAGIC = 0x51774e31;
/** u32 magic | f64 number | 32 characters of storage id | u32 crc32 of all that. */
const RECORD_BYTES = 48;

export type Witnessed = { readonly number: number; readonly storageId: string };

export class Witness {
  readonly #descriptor: number;
  readonly #record: Buffer = Buffer.alloc(RECORD_BYTES);

  constructor(path: string, storageId: string) {
    this.#descriptor = openSync(path, 'r+');
    this.#record.writeUInt32LE(MAGIC, 0);
    this.#record.write(storageId, 12, 32, 'latin1');
  }

  note(number: number): void {
    this.#record.writeDoubleLE(number, 4);
    this.#record.writeUInt32LE(crc32(this.#record.subarray(0, 44)), 44);
    writeSync(this.#descriptor, this.#record, 0, RECORD_BYTES, (number % 2) * PLACE_BYTES);
  }

  flush(): void {
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** @throws JOURNAL_CORRUPT when neither place holds a record. */
export function readWitness(path: string): Witnessed {
  const bytes = readFileSync(path);
  let newest: Witnessed | undefined;
  for (const offset of [0, PLACE_BYTES]) {
    const record = bytes.subarray(offset, offset + RECORD_BYTES);
    if (record.length < RECORD_BYTES || record.readUInt32LE(0) !== MAGIC) continue;
    if (record.readUInt32LE(44) !== crc32(record.subarray(0, 44))) continue;
    const number = record.readDoubleLE(4);
    if (newest === undefined || number > newest.number)
      newest = { number, storageId: record.toString('latin1', 12, 44) };
  }
  if (newest === undefined) {
    throw corrupt(
      path,
      'no record of the last acknowledged write can be read, so a shortened journal could not be told from a whole one',
    );
  }
  return newest;
}
