/** The journal in memory keeps the contract of the port, and gives a test every crash it asks for. */
import assert from 'node:assert/strict';
import type { JournalWrite } from '#src/protocol/replica-types.ts';
import { asNodeId, asSlot, asWriteSequence, NOOP } from '#src/protocol/types.ts';
import { type JournalSubject, journalConformance, MemoryDisk, MemoryJournal } from '#src/testing/index.ts';

const identity = { clusterId: 'c', genesisDigest: 'g', node: asNodeId(1), group: 0 };

journalConformance('memory', () => memorySubject());

describe('memory journal', () => {
  it('holds appended writes until it is told to flush', async () => {
    const { journal, calls } = await opened(new MemoryDisk('0'.repeat(32)));
    journal.append([accept(1)], calls.push('a'));
    journal.append([accept(2)], calls.push('b'));
    assert.deepEqual([journal.pendingAppends, calls.heard], [2, []]);
    journal.flush(1);
    assert.deepEqual([journal.pendingAppends, calls.heard], [1, ['a done']]);
    journal.flush();
    assert.deepEqual(calls.heard, ['a done', 'b done']);
  });

  it('loses in a crash what was not flushed, except for the prefix that survives', async () => {
    for (const [survivors, expected] of [
      [0, [1]],
      [1, [1, 2]],
      [2, [1, 2, 3]],
      [9, [1, 2, 3, 4]],
    ] as const) {
      const disk = new MemoryDisk('1'.repeat(32));
      const { journal, calls } = await opened(disk);
      journal.append([accept(1)], calls.push('a'));
      journal.flush();
      journal.append([accept(2), accept(3)], calls.push('b'));
      journal.append([accept(4)], calls.push('c'));
      journal.crash(survivors);
      journal.flush();
      assert.deepEqual(calls.heard, ['a done'], 'nobody hears from a crashed journal');
      const next = await new MemoryJournal({ disk }).open(identity);
      assert.deepEqual(
        next.image.accepted.map(({ slot }) => slot),
        expected,
      );
    }
  });

  it('reports a failing disk to everyone from then on', async () => {
    const disk = new MemoryDisk('2'.repeat(32));
    const { journal, calls } = await opened(disk);
    journal.append([accept(1)], calls.push('a'));
    journal.fail();
    journal.flush();
    journal.append([accept(2)], calls.push('b'));
    journal.flush();
    assert.deepEqual(calls.heard, ['a JOURNAL_IO', 'b JOURNAL_IO']);
    assert.throws(() => journal.readEntries(asSlot(1), asSlot(2), 1), { code: 'JOURNAL_IO' });
    assert.equal(disk.entries.size, 0);
  });

  it('copies a disk so that a node can come back from an old backup', async () => {
    const disk = new MemoryDisk('3'.repeat(32));
    const { journal, calls } = await opened(disk);
    const backup = disk.copy();
    journal.append([accept(1)], calls.push('a'));
    journal.flush();
    const restored = await new MemoryJournal({ disk: backup }).open(identity);
    assert.deepEqual(
      [restored.incarnation, restored.image.accepted.length, restored.storageId],
      [2, 0, disk.storageId],
    );
  });
});

function memorySubject(): JournalSubject {
  const disk = new MemoryDisk('f'.repeat(32));
  let last: MemoryJournal | undefined;
  return {
    create() {
      last = new MemoryJournal({ disk, onPending: (journal) => queueMicrotask(() => journal.flush()) });
      return last;
    },
    async crash() {
      last?.crash();
    },
    async destroy() {
      await last?.close();
    },
  };
}

async function opened(disk: MemoryDisk) {
  const journal = new MemoryJournal({ disk });
  await journal.open(identity);
  const heard: string[] = [];
  const push = (name: string) => (error: { readonly code: string } | undefined) =>
    heard.push(`${name} ${error?.code ?? 'done'}`);
  return { journal, calls: { heard, push } };
}

function accept(slot: number): JournalWrite {
  const ballot = { round: 1, node: asNodeId(1) };
  return {
    kind: 'accept',
    sequence: asWriteSequence(slot),
    entry: { slot: asSlot(slot), ballot, value: NOOP },
  };
}
