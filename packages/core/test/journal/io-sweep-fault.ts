/**
 * A journal in memory that fails at a given operation, and what then is on its disk.
 *
 * Operations are counted over all lives of a node. The first failure is final: from then on every other fails too, as
 * the journal's contract says.
 */
import type { JournalWrite } from '#src/protocol/replica-types.ts';
import type { MemoryDisk, MemoryJournal } from '#src/testing/memory-journal.ts';

export type JournalOperation = 'write' | 'read';

/** What of the writes that failed is on the disk all the same: a failed flush says nothing about it. */
export type Leaves = 'nothing' | 'half' | 'all';

export type JournalFault = {
  readonly operation: JournalOperation;
  readonly number: number;
  readonly leaves: Leaves;
};

export type FaultyJournal = {
  readonly operations: Record<JournalOperation, number>;
  fault: JournalFault | undefined;
  /** True once the fault has struck. */
  hasFailed: boolean;
};

/** In place, because the engine holds the journal itself. */
export function failOnCommand(journal: MemoryJournal, disk: MemoryDisk, state: FaultyJournal): void {
  const append = journal.append.bind(journal);
  const readEntries = journal.readEntries.bind(journal);
  const strikes = (operation: JournalOperation): JournalFault | undefined => {
    state.operations[operation] += 1;
    const { fault } = state;
    if (state.hasFailed || fault?.operation !== operation || fault.number !== state.operations[operation])
      return undefined;
    state.hasFailed = true;
    return fault;
  };
  journal.append = (writes, done) => {
    const fault = strikes('write');
    if (fault !== undefined) {
      leave(disk, writes.slice(0, shareOf(fault.leaves, writes.length)));
      journal.fail();
    }
    append(writes, done);
  };
  journal.readEntries = (fromSlot, untilSlot, maxBytes) => {
    if (strikes('read') !== undefined) journal.fail();
    return readEntries(fromSlot, untilSlot, maxBytes);
  };
}

function shareOf(leaves: Leaves, count: number): number {
  return leaves === 'all' ? count : leaves === 'half' ? Math.ceil(count / 2) : 0;
}

function leave(disk: MemoryDisk, writes: readonly JournalWrite[]): void {
  for (const write of writes) if (write.kind !== 'learned') disk.apply(write);
}
