/** Makes a journal in segments in the directory that is named, takes every file descriptor, opens it again, and prints what that says. */
import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { QuorateError } from '@quorate/wire';
import { journalTrouble } from '#src/adapters/journal-common/trouble.ts';
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import { SegmentJournal } from '#src/adapters/segment-journal/segment-journal.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import { WRITER_IDENTITY } from './writer-values.ts';

/** Everything but the lock, which is not a file of the journal's disk. */
class UnlockedDisk extends NodeDisk {
  override lock(): { release(): void } {
    return { release: () => undefined };
  }
}

const [directory = ''] = process.argv.slice(2);
const journalOn = (disk: NodeDisk): SegmentJournal =>
  new SegmentJournal({
    disk,
    clock: SYSTEM_CLOCK,
    newStorageId: () => 'a'.repeat(32),
    defer: queueMicrotask,
  });
const journal = journalOn(new NodeDisk(directory));
await journal.open(WRITER_IDENTITY);
await journal.close();
takeAll();
try {
  await journalOn(new UnlockedDisk(directory)).open(WRITER_IDENTITY);
  process.stdout.write('opened\n');
} catch (error) {
  const { code, message } =
    error instanceof QuorateError ? error : journalTrouble(directory, 'opening', error);
  process.stdout.write(`${code} ${message}\n`);
}

function takeAll(): void {
  try {
    for (;;) openSync(devNull, 'r');
  } catch {
    // There are none left.
  }
}
