/**
 * The first write to a new segment is slow, and meanwhile others read all over the log: so many segments that files are
 * closed for them. The segment before is finished when the write ends, and no other file is touched by that.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import { SegmentJournal } from '#src/adapters/segment-journal/segment-journal.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import type { JournalFile } from '#src/ports/journal-disk.ts';
import { type Logger, SILENT_LOGGER } from '#src/ports/logger.ts';
import { asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const SEGMENT_BYTES = 64 * 1024;
/** About twelve to a segment. */
const VALUE_BYTES = 5000;
/** More than are kept open. */
const SEGMENTS = 14;

/** Holds back the first record of a segment while it is told to. */
class SlowDisk extends NodeDisk {
  holds = false;
  held: (() => void) | undefined;

  override create(name: string): JournalFile {
    const file = super.create(name);
    const writeLater = file.writeLater.bind(file);
    let isFilled = false;
    return Object.assign(file, {
      writeLater: (bytes: Uint8Array, position: number, done: (error: unknown) => void) => {
        const go = (): void => writeLater(bytes, position, done);
        const isRecord = position === 0 && isFilled;
        isFilled = true;
        if (this.holds && isRecord) this.held = go;
        else go();
      },
    });
  }
}

describe('journal in segments: reads while a segment begins', () => {
  let temporary: TemporaryDirectory;
  let disk: SlowDisk;
  let warnings: string[];
  let hoarded: number[] = [];
  beforeEach(() => {
    temporary = temporaryDirectory();
    disk = new SlowDisk(join(temporary.path, 'journal'));
    warnings = [];
  });
  afterEach(() => {
    for (const descriptor of hoarded.splice(0)) closeSync(descriptor);
    temporary.remove();
  });

  function create(): SegmentJournal {
    const logger: Logger = { ...SILENT_LOGGER, warn: (message) => void warnings.push(message) };
    return new SegmentJournal({
      disk,
      clock: SYSTEM_CLOCK,
      newStorageId: () => 'a'.repeat(32),
      defer: queueMicrotask,
      logger,
      sizes: { firstBytes: SEGMENT_BYTES, maxBytes: SEGMENT_BYTES },
    });
  }

  function append(journal: SegmentJournal, slot: number): Promise<void> {
    const writes = [
      { kind: 'accept', sequence: asWriteSequence(2 * slot), entry: expectedEntry(slot, VALUE_BYTES) },
      { kind: 'learned', sequence: asWriteSequence(2 * slot + 1), slot: asSlot(slot) },
    ] as const;
    return new Promise((resolve, reject) =>
      journal.append(writes, (error) => (error === undefined ? resolve() : reject(error))),
    );
  }

  it('finish the segment before, and leave the others as they are', async () => {
    const journal = create();
    await journal.open(WRITER_IDENTITY);
    let slot = 0;
    while (segmentsOf(disk) < SEGMENTS) await append(journal, ++slot);
    disk.holds = true;
    let pending: Promise<void> | undefined;
    while (disk.held === undefined) {
      pending = append(journal, ++slot);
      await Promise.race([pending, until(() => disk.held !== undefined)]);
    }
    // No number of a descriptor is free below those of the journal: a file that it opens gets the one that it closed last.
    hoarded = Array.from({ length: 64 }, () => openSync('/dev/null', 'r'));
    for (let read = 1; read < slot; read++) assertRead(journal, read);
    disk.holds = false;
    disk.held();
    await pending;
    for (let read = 1; read <= slot; read++) assertRead(journal, read);
    await journal.close();
    assert.deepEqual(warnings, []);
    const again = create();
    await again.open(WRITER_IDENTITY);
    for (let read = 1; read <= slot; read++) assertRead(again, read);
    await again.close();
  });
});

function assertRead(journal: SegmentJournal, slot: number): void {
  assert.deepEqual(
    journal.readEntries(asSlot(slot), asSlot(slot + 1), 1),
    [expectedEntry(slot, VALUE_BYTES)],
    `slot ${slot}`,
  );
}

function segmentsOf(disk: NodeDisk): number {
  return readdirSync(disk.path).filter((name) => name.startsWith('segment-')).length;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
