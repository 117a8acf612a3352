/**
 * Reading the records of one segment in order, and telling a torn end from damage.
 *
 * One flush is under way at a time, and a record is written only when the one before it is durable. So a record
 * that cannot be read may be the remains of a flush that the power cut, which nobody was told of, only if nothing
 * valid lies behind it. Anything valid behind it shows that it was acknowledged, and has been damaged since.
 */
import { corrupt } from '../journal-common/trouble.ts';
import {
  readHeader,
  readItems,
  recordBytes,
  SECTOR_BYTES,
  type StoredHeader,
  type StoredItem,
} from './layout.ts';

export type StoredRecord = {
  readonly at: number;
  readonly bytes: number;
  readonly header: StoredHeader;
  readonly items: readonly StoredItem[];
};

/** What the record must be that comes next. */
export type Link = { readonly number: number; readonly previousCrc: number };

export function linkAfter(header: StoredHeader): Link {
  return { number: header.number + 1, previousCrc: header.headerCrc };
}

/** The record at `at`, whole and intact; undefined when there is none. `link` is not asked for when looking up entries. */
export function readRecord(
  bytes: Buffer,
  at: number,
  segment: number,
  seed: number,
  link?: Link,
  /** Where in the segment `bytes` begin. */
  from = 0,
): StoredRecord | undefined {
  const header = readHeader(bytes, at, seed);
  if (header === undefined || header.segment !== segment || header.offset !== from + at) return undefined;
  if (link !== undefined && (header.number !== link.number || header.previousCrc !== link.previousCrc))
    return undefined;
  const items = readItems(bytes, at, header, seed);
  if (items === undefined) return undefined;
  return { at, bytes: recordBytes(header.itemCount, header.valueBytes), header, items };
}

export type Scan = {
  readonly records: readonly StoredRecord[];
  /** Where the first record would lie that is not there, not intact or does not follow. */
  readonly end: number;
  /** What that record would have to be. */
  readonly next: Link;
};

/**
 * Reads from the beginning of a segment as far as everything is intact and, when another segment follows, up to the
 * record with which that one begins: what lies behind is a torn flush that was given up.
 */
export function scanSegment(
  bytes: Buffer,
  segment: number,
  seed: number,
  first: Link,
  following: Link | undefined,
  isIntact: (record: StoredRecord) => boolean = () => true,
): Scan {
  const records: StoredRecord[] = [];
  let end = 0;
  let next = first;
  while (next.number !== following?.number) {
    const record = readRecord(bytes, end, segment, seed, next);
    if (record === undefined || !isIntact(record)) break;
    records.push(record);
    end += record.bytes;
    next = linkAfter(record.header);
  }
  return { records, end, next };
}

/** All values are what was written: asked where they are loaded, or where the end of the log is looked for. */
export function hasIntactValues({ items }: StoredRecord): boolean {
  return items.every((item) => item.isIntact());
}

/** @throws JOURNAL_CORRUPT unless the segment reaches up to where the next one begins. */
export function requireComplete({ end, next }: Scan, following: Link, path: string): void {
  if (following.number === next.number && following.previousCrc === next.previousCrc) return;
  throw corrupt(
    path,
    `the record at offset ${end} cannot be read, although another segment was begun after it`,
    {
      offset: end,
    },
  );
}

/** @throws JOURNAL_CORRUPT when the end of what can be read is not the end of what was acknowledged. */
export function requireTornEnd(
  bytes: Buffer,
  segment: number,
  seed: number,
  { end, next }: Scan,
  path: string,
): void {
  for (let at = end; at < bytes.length; at += SECTOR_BYTES) {
    const header = readHeader(bytes, at, seed);
    if (header === undefined) continue;
    const isNext =
      header.segment === segment &&
      header.offset === end &&
      header.number === next.number &&
      header.previousCrc === next.previousCrc;
    // The header of the torn flush itself, whose contents did not all reach the disk: it proves nothing.
    if (at === end && isNext) continue;
    const what =
      at === end
        ? `the record at offset ${end} is not the one that was written there`
        : `the record at offset ${end} cannot be read, although record ${header.number} at offset ${at} was written after it`;
    throw corrupt(path, what, { offset: end });
  }
}
