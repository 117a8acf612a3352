/**
 * The end of the log, lost while no process had the journal: files that were removed, cut, emptied or filled with zeros
 * behind its back. After a clean stop, or at rest, that is refused; a flush that was cut short is not.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSegmentJournal } from '#src/adapters/segment-journal/on-files.ts';
import { PLACE_STEP_BYTES } from '#src/adapters/segment-journal/two-places.ts';
import type { Journal } from '#src/ports/journal.ts';
import { openJournalDump } from '#src/server/journals.ts';
import { appendEntries, copyIdle, flipBit, inside, judge, usedBytes, type Verdict, zero } from './damage.ts';
import { copyDirectory, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { WRITER_IDENTITY } from './writer-values.ts';

const VALUE_BYTES = 700;
const SECTOR_BYTES = 512;
/** An entry fills a record of two sectors; seven go into a segment. */
const SIZES = { firstBytes: 8 * 1024, maxBytes: 8 * 1024 };
const SLOTS = 24;

describe('journal in segments: an end that was lost', () => {
  let temporary: TemporaryDirectory;
  let stopped: string;
  /** As a killed process left it, in the middle of its work. */
  let killed: string;
  let copies = 0;

  before(async () => {
    temporary = temporaryDirectory();
    stopped = join(temporary.path, 'stopped');
    const journal = await life(stopped, 1, SLOTS);
    killed = join(temporary.path, 'killed');
    copyDirectory(stopped, killed);
    await journal.close();
  });
  after(() => temporary.remove());

  const fresh = (from: string): string => {
    copies += 1;
    return copyIdle(from, join(temporary.path, `copy-${copies}`));
  };

  it('is refused for every number of records that were zeroed, up to all of the newest segment', async () => {
    const newest = lastSegment(stopped);
    const used = sectors(usedBytes(newest));
    assert.ok(used >= 3, 'the newest segment holds too little to lose anything');
    for (let kept = 0; kept < used; kept++) {
      const directory = fresh(stopped);
      zero(lastSegment(directory), kept * SECTOR_BYTES, used * SECTOR_BYTES);
      const verdict = await judge(directory, VALUE_BYTES, 'segments');
      const told = verdict.kind === 'refused' ? `${verdict.code} ${verdict.message}` : 'whole';
      assert.match(
        told,
        /^JOURNAL_CORRUPT .*(lost|removed or emptied) while no process had it/,
        `kept ${kept}`,
      );
    }
  });

  it('is refused when the newest segments are removed, also one by one and with those before them made whole', async () => {
    const directory = fresh(stopped);
    for (let left = segmentsOf(directory).length - 1; left >= 2; left--) {
      rmSync(lastSegment(directory));
      // As a copy by some tools, or a repair of the file system, may leave it: as long as when it was being written.
      const path = lastSegment(directory);
      writeFileSync(path, withoutSeal(readFileSync(path)));
      truncateSync(path, SIZES.maxBytes);
      const verdict = await judge(fresh(directory), VALUE_BYTES, 'segments');
      assert.match(
        verdict.kind === 'refused' ? verdict.message : 'whole',
        /segment-\d{10} is damaged: the file was removed or emptied while no process had it: record \d+ was written there, and the log ends with segment \d+; this node must not vote/,
      );
    }
  });

  it('is refused again at the next start, and inspect shows what is left and says what is missing', async () => {
    const directory = fresh(stopped);
    const used = sectors(usedBytes(lastSegment(directory)));
    zero(lastSegment(directory), (used - 3) * SECTOR_BYTES, used * SECTOR_BYTES);
    const first = await judge(directory, VALUE_BYTES, 'segments');
    assert.equal(first.kind, 'refused');
    assert.deepEqual(await judge(directory, VALUE_BYTES, 'segments'), first);
    const dump = openJournalDump(directory);
    const shown: number[] = [];
    assert.throws(
      () => {
        for (const { slot } of dump.entries()) shown.push(slot);
      },
      {
        code: 'JOURNAL_CORRUPT',
        message: /the log ends with record \d+, at offset \d+, although it went on to record \d+/,
      },
    );
    dump.close();
    assert.deepEqual(
      shown,
      Array.from({ length: SLOTS - 1 }, (_, index) => index + 1),
    );
  });

  it('is what a crash leaves: the newest record is dropped, the log goes on in its place, and zeros lie behind', async () => {
    const directory = fresh(killed);
    const path = lastSegment(directory);
    const used = sectors(usedBytes(path));
    flipBit(path, used * SECTOR_BYTES - 400, 3);
    assert.deepEqual(await judge(directory, VALUE_BYTES, 'segments'), { kind: 'whole', slots: SLOTS - 1 });
    assert.equal(lastSegment(directory), path);
    // In place of a record of two sectors there are those of a start and of a stop.
    assert.equal(sectors(usedBytes(path)), used);
    const journal = await life(directory, SLOTS, SLOTS + 3);
    await journal.close();
    assert.deepEqual(await judge(directory, VALUE_BYTES, 'segments'), { kind: 'whole', slots: SLOTS + 3 });
  });

  it('needs one of two copies of what the log had reached, and refuses without both', async () => {
    const damaged = (change: (path: string) => void): Promise<Verdict> => {
      const directory = fresh(stopped);
      change(inside(directory, 'witness'));
      return judge(directory, VALUE_BYTES, 'segments');
    };
    const first = (path: string): void => flipBit(path, 20, 1);
    const second = (path: string): void => flipBit(path, PLACE_STEP_BYTES + 20, 1);
    for (const one of [first, second]) assert.deepEqual(await damaged(one), { kind: 'whole', slots: SLOTS });
    const both = (path: string): void => {
      first(path);
      second(path);
    };
    for (const all of [both, rmSync]) {
      const refused = await damaged(all);
      assert.match(
        refused.kind === 'refused' ? refused.message : 'whole',
        /witness is damaged: it does not say how far the log went/,
      );
    }
  });

  it('is refused when the witness of another journal is there', async () => {
    const other = join(temporary.path, 'other');
    await (await life(other, 1, 3)).close();
    const directory = fresh(stopped);
    writeFileSync(inside(directory, 'witness'), readFileSync(inside(other, 'witness')));
    const verdict = await judge(directory, VALUE_BYTES, 'segments');
    assert.match(verdict.kind === 'refused' ? verdict.message : 'whole', /written for another journal/);
  });
});

async function life(directory: string, from: number, until: number): Promise<Journal> {
  const journal = createSegmentJournal({ directory, sizes: SIZES });
  await journal.open(WRITER_IDENTITY);
  await appendEntries(journal, from, until, VALUE_BYTES);
  return journal;
}

function segmentsOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith('segment-'))
    .sort();
}

function lastSegment(directory: string): string {
  return inside(directory, segmentsOf(directory).at(-1) ?? '');
}

function sectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES);
}

/** The index begins where the last record ends: the rest of a sector that is not whole. */
function withoutSeal(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length / SECTOR_BYTES) * SECTOR_BYTES);
}
