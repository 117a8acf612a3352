/** Which segments were begun: all that have a file, without one at the end that was only about to be. */
import type { JournalDisk } from '../../ports/journal-disk.ts';
import { corrupt } from '../journal-common/trouble.ts';
import { readWhole } from './disk-files.ts';
import { readHeader, SECTOR_BYTES } from './layout.ts';
import { hasIntactValues, readRecord, requireTornEnd } from './scan.ts';
import { segmentName, segmentNumbers } from './segments.ts';

export type Begun = {
  /** Ascending. */
  readonly numbers: readonly number[];
  /** The file of the one that was not begun: whole, and nothing valid is in it, for its first flush was cut short or never came. */
  readonly leftover: string | undefined;
};

/** Changes nothing. @throws JOURNAL_CORRUPT */
export function segmentsBegun(disk: JournalDisk, seed: number): Begun {
  const numbers = segmentNumbers(disk.list());
  const last = numbers.at(-1);
  if (last === undefined) throw corrupt(`${disk.path}/${segmentName(1)}`, 'the file is missing');
  if (numbers.length < 2) return { numbers, leftover: undefined };
  const name = segmentName(last);
  const path = `${disk.path}/${name}`;
  const bytes = readWhole(disk, name);
  const head = readHeader(bytes, 0, seed);
  const first = head === undefined ? undefined : readRecord(bytes, 0, last, seed);
  if (first !== undefined && hasIntactValues(first)) return { numbers, leftover: undefined };
  if (bytes.length < 2 * SECTOR_BYTES)
    throw corrupt(path, `it was cut off at ${bytes.length} bytes`, { offset: bytes.length });
  const next = head ?? { number: -1, previousCrc: 0 };
  requireTornEnd(bytes, last, seed, { records: [], end: 0, next }, path);
  return { numbers: numbers.slice(0, -1), leftover: name };
}
