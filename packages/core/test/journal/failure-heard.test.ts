/** A journal that fails says so by itself: over files, in memory, and in SQLite, where it cares for its database between appends. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { SegmentJournal } from '#src/adapters/segment-journal/segment-journal.ts';
import { Caretaker } from '#src/adapters/sqlite-journal/caretaker.ts';
import type { JournalStore } from '#src/adapters/sqlite-journal/store.ts';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import {
  type BreakableSubject,
  journalFailureConformance,
  MemoryDisk,
  MemoryJournal,
} from '#src/testing/index.ts';
import { BreakableDisk } from './breakable-disk.ts';
import { temporaryDirectory } from './temporary.ts';

journalFailureConformance('segments', segments);
journalFailureConformance('memory', memory);

describe('the caretaker of a journal in SQLite', () => {
  it('tells of a failure when nobody appends', async () => {
    const failure = new QuorateError('JOURNAL_IO', 'the disk is broken');
    const store = {
      unmergedBytes: 0,
      isUnsettled: true,
      failed: false,
      failure: () => (store.failed ? failure : undefined),
      settle: () => {
        store.failed = true;
        throw failure;
      },
    };
    const heard = await new Promise((resolve) => {
      new Caretaker(store as unknown as JournalStore, SILENT_LOGGER, resolve).afterCommit();
      // Its timer does not keep the process, and nothing else does.
      const alive = setInterval(() => {
        if (store.failed) clearInterval(alive);
      }, 10);
    });
    assert.equal(heard, failure);
  });
});

function segments(): BreakableSubject {
  const temporary = temporaryDirectory();
  const disk = new BreakableDisk(join(temporary.path, 'journal'));
  return {
    create: () =>
      new SegmentJournal({
        disk,
        clock: SYSTEM_CLOCK,
        newStorageId: () => 'a'.repeat(32),
        defer: queueMicrotask,
      }),
    fail() {
      disk.isBroken = true;
    },
    crash: async () => undefined,
    destroy: async () => temporary.remove(),
  };
}

function memory(): BreakableSubject {
  let last: MemoryJournal | undefined;
  return {
    create() {
      const disk = new MemoryDisk('f'.repeat(32));
      last = new MemoryJournal({ disk, onPending: (journal) => queueMicrotask(() => journal.flush()) });
      return last;
    },
    fail() {
      last?.fail();
      queueMicrotask(() => last?.flush());
    },
    crash: async () => undefined,
    destroy: async () => undefined,
  };
}
