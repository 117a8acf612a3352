/** Files that cannot be cut or removed while room is made: it costs room, and never an answer or the lock. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import { SegmentJournal } from '#src/adapters/segment-journal/segment-journal.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import type { JournalFile } from '#src/ports/journal-disk.ts';
import { asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { journalOf } from './flavours.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const SLOTS = 40;
/** About twelve to a segment. */
const VALUE_BYTES = 5000;
const SEGMENT_BYTES = 64 * 1024;

type Call = 'truncate' | 'remove';

/** Refuses one kind of call as long as it is told to. */
class RefusingDisk extends NodeDisk {
  refused: Call | undefined;
  refusals = 0;

  override open(name: string): JournalFile {
    return this.#watched(super.open(name));
  }

  override create(name: string): JournalFile {
    return this.#watched(super.create(name));
  }

  override remove(name: string): void {
    this.#refuse('remove');
    super.remove(name);
  }

  #watched(file: JournalFile): JournalFile {
    const cut = file.truncate.bind(file);
    return Object.assign(file, {
      truncate: (bytes: number) => {
        this.#refuse('truncate');
        cut(bytes);
      },
    });
  }

  #refuse(call: Call): void {
    if (call !== this.refused) return;
    this.refusals += 1;
    throw Object.assign(new Error(`no ${call} now`), { code: 'EROFS' });
  }
}

describe('journal in segments: housekeeping that fails', () => {
  let temporary: TemporaryDirectory;
  let disk: RefusingDisk;
  let journal: SegmentJournal;
  beforeEach(async () => {
    temporary = temporaryDirectory();
    disk = new RefusingDisk(join(temporary.path, 'journal'));
    journal = new SegmentJournal({
      disk,
      clock: SYSTEM_CLOCK,
      newStorageId: () => 'a'.repeat(32),
      defer: queueMicrotask,
      sizes: { firstBytes: SEGMENT_BYTES, maxBytes: SEGMENT_BYTES },
    });
    await journal.open(WRITER_IDENTITY);
  });
  afterEach(() => temporary.remove());

  it('answers every append when a finished segment cannot be cut, and everything is there afterwards', async () => {
    disk.refused = 'truncate';
    for (let slot = 1; slot <= SLOTS; slot++) await append(slot, VALUE_BYTES);
    assert.ok(disk.refusals >= 2, 'no segment was finished, so nothing was tried');
    await journal.close();
    await assertSlots(SLOTS);
  });

  it('fails as a journal does when it needs a larger segment and cannot remove the one that was prepared', async () => {
    for (let slot = 1; slot <= 6; slot++) await append(slot, VALUE_BYTES);
    disk.refused = 'remove';
    await assert.rejects(append(7, 2 * SEGMENT_BYTES), { code: 'JOURNAL_IO' });
    assert.ok(disk.refusals >= 1);
    disk.refused = undefined;
    await journal.close();
    await assertSlots(6);
  });

  it('closes and gives back the lock when the prepared segment cannot be removed', async () => {
    for (let slot = 1; slot <= 6; slot++) await append(slot, VALUE_BYTES);
    disk.refused = 'remove';
    await journal.close();
    assert.ok(disk.refusals >= 1, 'nothing was prepared, so nothing was tried');
    await assertSlots(6);
  });

  it('goes on when a segment that nobody reads any more cannot be closed', async () => {
    const { closeSync } = fs;
    let refusals = 0;
    fs.closeSync = (descriptor) => {
      closeSync(descriptor);
      refusals += 1;
      throw Object.assign(new Error('EIO: close'), { code: 'EIO' });
    };
    syncBuiltinESMExports();
    try {
      for (let slot = 1; slot <= 3 * SLOTS; slot++) await append(slot, VALUE_BYTES);
      assert.ok(refusals >= 1, 'no segment was put away, so nothing was tried');
    } finally {
      fs.closeSync = closeSync;
      syncBuiltinESMExports();
    }
    await journal.close();
    await assertSlots(3 * SLOTS);
  });

  function append(slot: number, bytes: number): Promise<void> {
    const entry = expectedEntry(slot, bytes);
    return new Promise((resolve, reject) =>
      journal.append([{ kind: 'accept', sequence: asWriteSequence(slot), entry }], (error) =>
        error === undefined ? resolve() : reject(error),
      ),
    );
  }

  async function assertSlots(count: number): Promise<void> {
    const reopened = journalOf('segments', disk.path);
    const { image } = await reopened.open(WRITER_IDENTITY);
    await reopened.close();
    assert.deepEqual(
      image.accepted.map(({ slot }) => slot),
      Array.from({ length: count }, (_, index) => asSlot(index + 1)),
    );
  }
});
