/** Every call of a short life of the segment journal is refused once: what was acknowledged is there afterwards. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import { SegmentJournal } from '#src/adapters/segment-journal/segment-journal.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import { asNodeId, asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { journalOf } from './flavours.ts';
import { RefusingDisk } from './refusing-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const SLOTS = 8;
/** Two or three to a segment. */
const VALUE_BYTES = 5000;
const SEGMENT_BYTES = 16 * 1024;

describe('journal in segments: each call refused once', () => {
  let temporary: TemporaryDirectory;
  beforeEach(() => {
    temporary = temporaryDirectory();
  });
  afterEach(() => temporary.remove());

  it('says a clear error or goes on, gives back the lock and every file, and keeps what it acknowledged', async () => {
    const tried = new Set<string>();
    for (let refused = 0; ; refused++) {
      const disk = new RefusingDisk(new NodeDisk(join(temporary.path, `refused-${refused}`)), refused);
      const acknowledged = await live(disk);
      const name = disk.calls[refused];
      const slots = await slotsIn(disk.path);
      const where = `call ${refused}, ${name}: acknowledged ${acknowledged}, there ${slots.join(' ')}`;
      assert.ok(slots.length >= acknowledged, where);
      assert.deepEqual(
        slots,
        slots.map((_, index) => asSlot(index + 1)),
        where,
      );
      assert.equal(disk.openFiles, 0, `${where}: files left open`);
      if (name === undefined) break;
      tried.add(name);
    }
    const names = [
      'create',
      'list',
      'open',
      'read',
      'rename',
      'sync',
      'sync directory',
      'sync directory later',
    ];
    const missing = [...names, 'truncate', 'write', 'write later'].filter((name) => !tried.has(name));
    assert.deepEqual(missing, [], 'calls that were never made, so nothing was tried');
  }).timeout(60_000);
});

/** Returns how many slots were acknowledged before the first failure. */
async function live(disk: RefusingDisk): Promise<number> {
  const journal = new SegmentJournal({
    disk,
    clock: SYSTEM_CLOCK,
    newStorageId: () => 'a'.repeat(32),
    defer: queueMicrotask,
    sizes: { firstBytes: SEGMENT_BYTES, maxBytes: SEGMENT_BYTES },
  });
  let acknowledged = 0;
  try {
    await journal.open(WRITER_IDENTITY);
    journal.rememberPeer({ node: asNodeId(2), storageId: 'b'.repeat(32), incarnation: 1, processNonce: 'n' });
    for (let slot = 1; slot <= SLOTS; slot++) {
      await append(journal, slot);
      acknowledged = slot;
    }
  } catch (error) {
    assertJournalTrouble(error);
  }
  await journal.close().catch(assertJournalTrouble);
  return acknowledged;
}

function assertJournalTrouble(error: unknown): void {
  assert.ok(error instanceof QuorateError && error.code === 'JOURNAL_IO', String(error));
}

function append(journal: SegmentJournal, slot: number): Promise<void> {
  const entry = expectedEntry(slot, VALUE_BYTES);
  return new Promise((resolve, reject) =>
    journal.append([{ kind: 'accept', sequence: asWriteSequence(slot), entry }], (error) =>
      error === undefined ? resolve() : reject(error),
    ),
  );
}

async function slotsIn(directory: string): Promise<number[]> {
  const journal = journalOf('segments', directory);
  const { image } = await journal.open(WRITER_IDENTITY);
  await journal.close();
  return image.accepted.map(({ slot }) => slot);
}
