/** Where a slot lies in a finished segment: known from its seal, without reading the segment, and the same without one. */
import assert from 'node:assert/strict';
import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import { createSegmentJournal } from '#src/adapters/segment-journal/on-files.ts';
import { encodeSeal, readSeal } from '#src/adapters/segment-journal/seal.ts';
import { SegmentJournal } from '#src/adapters/segment-journal/segment-journal.ts';
import { SlotIndex } from '#src/adapters/segment-journal/slot-index.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import type { JournalFile } from '#src/ports/journal-disk.ts';
import { createRandom } from '#src/protocol/random.ts';
import { asSlot } from '#src/protocol/types.ts';
import { appendEntries, copyIdle, flipBit, inside, judge, usedBytes } from './damage.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const SEGMENT_BYTES = 256 * 1024;
const SIZES = { firstBytes: SEGMENT_BYTES, maxBytes: SEGMENT_BYTES };
const VALUE_BYTES = 3000;
const SLOTS = 200;
const OLDEST = 'segment-0000000002';

describe('journal in segments: index of a segment', () => {
  let temporary: TemporaryDirectory;
  let stopped: string;
  before(async () => {
    temporary = temporaryDirectory();
    stopped = join(temporary.path, 'stopped');
    const journal = createSegmentJournal({ directory: stopped, sizes: SIZES });
    await journal.open(WRITER_IDENTITY);
    await appendEntries(journal, 1, SLOTS, VALUE_BYTES);
    await journal.close();
    assert.ok(readdirSync(stopped).filter((name) => name.startsWith('segment-')).length >= 3);
  });
  after(() => temporary.remove());

  it('is read from the seal of a finished segment: a fraction of its bytes', async () => {
    assert.ok((await bytesReadFor(stopped)) < SEGMENT_BYTES / 2);
  });

  it('is made from the whole segment when the seal is damaged or cut off, with the same entries', async () => {
    for (const [name, change] of [
      ['flipped', (path: string) => flipBit(path, usedBytes(path) - 40, 2)],
      ['cut', (path: string) => truncateSync(path, usedBytes(path) - 10)],
    ] as const) {
      const directory = copyIdle(stopped, join(temporary.path, name));
      change(inside(directory, OLDEST));
      assert.ok((await bytesReadFor(directory)) > SEGMENT_BYTES / 2, name);
      assert.deepEqual(await judge(directory, VALUE_BYTES, 'segments'), { kind: 'whole', slots: SLOTS });
    }
  });

  it('of another end of the segment is not believed', () => {
    const disk = new NodeDisk(temporary.path);
    const file = disk.create('sealed');
    const sorted = { slots: [4, 5, 9], offsets: [512, 512, 1024] };
    file.write(encodeSeal(sorted, 7, { number: 12, previousCrc: 99 }, 1), 2048);
    const find = (segment: number, number: number, previousCrc: number, seed: number) =>
      readSeal(file, segment, { number, previousCrc }, seed)?.find(asSlot(9));
    assert.equal(find(7, 12, 99, 1), 1024);
    assert.deepEqual(
      [find(8, 12, 99, 1), find(7, 13, 99, 1), find(7, 12, 98, 1), find(7, 12, 99, 2)],
      [undefined, undefined, undefined, undefined],
    );
    file.close();
  });

  it('agrees with a map, whatever the order in which slots come, before and after it is stored', () => {
    const seed = Date.now() % 1_000_000;
    const random = createRandom(seed);
    const model = new Map<number, number>();
    const index = new SlotIndex();
    for (let at = 0; at < 2000; at++) {
      const slot = Math.max(1, Math.floor(at / 2) + random.between(-20, 20));
      model.set(slot, at);
      index.add(asSlot(slot), at);
    }
    const stored = new SlotIndex(index.sorted());
    for (let slot = 0; slot < 1100; slot++)
      for (const each of [index, stored])
        assert.equal(each.find(asSlot(slot)), model.get(slot), `seed ${seed}, slot ${slot}`);
  });
});

/** Opens the journal, reads slot 1 back and says how many bytes that took. */
async function bytesReadFor(directory: string): Promise<number> {
  const disk = new CountingDisk(directory);
  const journal = new SegmentJournal({
    disk,
    clock: SYSTEM_CLOCK,
    newStorageId: () => 'a'.repeat(32),
    defer: queueMicrotask,
    sizes: SIZES,
  });
  await journal.open(WRITER_IDENTITY);
  const before = disk.bytesRead;
  assert.deepEqual(journal.readEntries(asSlot(1), asSlot(2), 1), [expectedEntry(1, VALUE_BYTES)]);
  const bytes = disk.bytesRead - before;
  await journal.close();
  return bytes;
}

class CountingDisk extends NodeDisk {
  bytesRead = 0;

  override open(name: string): JournalFile {
    const file = super.open(name);
    const read = file.read.bind(file);
    return Object.assign(file, {
      read: (into: Uint8Array, position: number) => {
        const bytes = read(into, position);
        this.bytesRead += bytes;
        return bytes;
      },
    });
  }
}
