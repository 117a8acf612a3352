/**
 * Damaged files of a journal in segments: it never comes back shorter than what it acknowledged without saying so, and
 * never with anything else. Offsets are drawn from a printed seed.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { HEADER_BYTES, ITEM_BYTES } from '#src/adapters/segment-journal/layout.ts';
import { createSegmentJournal } from '#src/adapters/segment-journal/on-files.ts';
import type { Journal } from '#src/ports/journal.ts';
import { createRandom } from '#src/protocol/random.ts';
import { openJournalDump } from '#src/server/journals.ts';
import { appendEntries, copyIdle, flipBit, inside, judge, usedBytes, zero } from './damage.ts';
import { copyDirectory, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { WRITER_IDENTITY } from './writer-values.ts';

const VALUE_BYTES = 700;
const SLOTS = 60;
const SAMPLES = 40;
/** An entry fills two to a segment or more, so that 60 of them lie in several. */
const SIZES = { firstBytes: 16 * 1024, maxBytes: 16 * 1024 };
const RECORD_BYTES = 1024;
const WHOLE = { kind: 'whole', slots: SLOTS } as const;

describe('journal in segments: damage', () => {
  let temporary: TemporaryDirectory;
  /** As a killed process left it, in the middle of its work. */
  let killed: string;
  /** After a clean stop, two lives long. */
  let stopped: string;
  let copies = 0;

  before(async () => {
    temporary = temporaryDirectory();
    stopped = join(temporary.path, 'original');
    await (await life(stopped, 1, SLOTS / 2)).close();
    const journal = await life(stopped, SLOTS / 2 + 1, SLOTS);
    killed = join(temporary.path, 'killed');
    copyDirectory(stopped, killed);
    await journal.close();
  });
  after(() => temporary.remove());

  const fresh = (from: string): string => {
    copies += 1;
    return copyIdle(from, join(temporary.path, `copy-${copies}`));
  };
  const lastSegment = (directory: string): string => inside(directory, segmentsOf(directory).at(-1) ?? '');

  it('comes back whole when nothing is damaged', async () => {
    assert.ok(segmentsOf(stopped).length >= 5, segmentsOf(stopped).join(' '));
    assert.deepEqual(await judge(fresh(killed), VALUE_BYTES, 'segments'), WHOLE);
    assert.deepEqual(await judge(fresh(stopped), VALUE_BYTES, 'segments'), WHOLE);
  });

  it('refuses a last segment that was cut anywhere', async function () {
    this.timeout(30_000);
    const size = statSync(lastSegment(killed)).size;
    const { seed, random } = seeded();
    for (const length of [
      0,
      1,
      512,
      size - 1,
      ...Array.from({ length: SAMPLES }, () => random.below(size)),
    ]) {
      const directory = fresh(killed);
      truncateSync(lastSegment(directory), length);
      const verdict = await judge(directory, VALUE_BYTES, 'segments');
      assert.equal(
        verdict.kind === 'refused' && verdict.code,
        'JOURNAL_CORRUPT',
        `seed ${seed}, cut at ${length} of ${size}`,
      );
      rmSync(directory, { recursive: true });
    }
  });

  it('drops a torn last record, which nobody was told of, and nothing before it', async function () {
    this.timeout(30_000);
    const used = Math.ceil(usedBytes(lastSegment(killed)) / RECORD_BYTES) * RECORD_BYTES;
    for (let cut = 1; cut < RECORD_BYTES; cut += 101) {
      const directory = fresh(killed);
      // What a power cut leaves of the last record is its beginning; the sectors behind it are zeros still.
      zero(lastSegment(directory), used - cut, used);
      const verdict = await judge(directory, VALUE_BYTES, 'segments');
      assert.ok(
        verdict.kind === 'whole' && verdict.slots >= SLOTS - 1,
        `cut ${cut}: ${JSON.stringify(verdict)}`,
      );
      rmSync(directory, { recursive: true });
    }
  });

  it('finds a flipped bit in any file, or is not hurt by it', async function () {
    this.timeout(60_000);
    const files = readdirSync(stopped).filter((name) => statSync(inside(stopped, name)).size > 0);
    const { seed, random } = seeded();
    const reached = new Set<string>();
    for (let sample = 0; sample < 3 * SAMPLES; sample++) {
      const directory = fresh(stopped);
      const file = files[sample % files.length] ?? '';
      const used = usedBytes(inside(directory, file));
      const offset = random.below(sample % 5 === 0 ? statSync(inside(directory, file)).size : used);
      flipBit(inside(directory, file), offset, random.below(8));
      const verdict = await judge(directory, VALUE_BYTES, 'segments');
      reached.add(`${file.replace(/\d+/, '')} ${verdict.kind}`);
      if (verdict.kind === 'whole')
        assert.equal(verdict.slots, SLOTS, `seed ${seed}, ${file} at ${offset}: ${JSON.stringify(verdict)}`);
      else assert.equal(verdict.code, 'JOURNAL_CORRUPT', verdict.message);
      rmSync(directory, { recursive: true });
    }
    for (const wanted of ['segment- refused', 'identity- whole', 'peers whole'])
      assert.ok(reached.has(wanted), `seed ${seed}: ${[...reached].join(', ')}`);
  });

  it('never turns a damaged promise into a lower one', async () => {
    const directory = fresh(killed);
    const path = lastSegment(directory);
    const used = Math.ceil(usedBytes(path) / RECORD_BYTES) * RECORD_BYTES;
    // The promise lies in the header of each record: here of the one before the last.
    flipBit(path, used - 2 * RECORD_BYTES + 33, 0);
    const verdict = await judge(directory, VALUE_BYTES, 'segments');
    assert.match(
      verdict.kind === 'refused' ? verdict.message : '',
      /the record at offset \d+ cannot be read, although record \d+ at offset \d+ was written after it/,
    );
  });

  it('leaves the evidence as it was, so that the next start refuses too', async () => {
    const directory = fresh(killed);
    flipBit(lastSegment(directory), HEADER_BYTES + ITEM_BYTES, 3);
    flipBit(lastSegment(directory), RECORD_BYTES + 600, 3);
    const before = contentOf(directory);
    const first = await judge(directory, VALUE_BYTES, 'segments');
    assert.equal(first.kind === 'refused' && first.code, 'JOURNAL_CORRUPT');
    assert.deepEqual(contentOf(directory), before);
    assert.deepEqual(await judge(directory, VALUE_BYTES, 'segments'), first);
  });

  it('names the slot and the offset of an entry that has rotted in an old segment, and inspect marks it', async () => {
    const directory = fresh(stopped);
    // The second segment begins with the record of its life; slot 1 follows it.
    flipBit(inside(directory, 'segment-0000000002'), 512 + HEADER_BYTES + ITEM_BYTES + 20, 0);
    const verdict = await judge(directory, VALUE_BYTES, 'segments');
    assert.match(
      verdict.kind === 'refused' ? verdict.message : '',
      /segment-0000000002 is damaged: the entry of slot 1, in the record at offset 512, does not match its checksum/,
    );
    const dump = openJournalDump(directory);
    const damaged = [...dump.entries()].filter(({ intact }) => !intact).map(({ slot }) => slot);
    dump.close();
    assert.deepEqual(damaged, [1]);
  });

  it('refuses a directory whose files are missing or from another one', async () => {
    const other = join(temporary.path, 'other');
    await (await life(other, 1, 3)).close();
    for (const change of [
      (directory: string) => rmSync(inside(directory, 'peers')),
      (directory: string) => rmSync(inside(directory, 'segment-0000000002')),
      (directory: string) => rmSync(lastSegment(directory)),
      (directory: string) => {
        rmSync(inside(directory, 'identity-1'));
        rmSync(inside(directory, 'identity-2'));
      },
      (directory: string) => copyFileSync(inside(other, 'identity-1'), inside(directory, 'identity-1')),
      (directory: string) =>
        copyFileSync(inside(other, 'segment-0000000002'), inside(directory, 'segment-0000000002')),
    ]) {
      const directory = fresh(stopped);
      change(directory);
      const verdict = await judge(directory, VALUE_BYTES, 'segments');
      assert.equal(verdict.kind === 'refused' && verdict.code, 'JOURNAL_CORRUPT', String(change));
    }
  });

  it('needs one of the two copies of its identity, and makes the other again', async () => {
    const directory = fresh(stopped);
    flipBit(inside(directory, 'identity-1'), 30, 1);
    assert.deepEqual(await judge(directory, VALUE_BYTES, 'segments'), WHOLE);
    assert.deepEqual(
      readFileSync(inside(directory, 'identity-1')),
      readFileSync(inside(directory, 'identity-2')),
    );
  });
});

/** One life of a journal that appends these slots, each in a record of its own. */
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

/** What decides anything, by name. */
function contentOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name !== 'lock' && name !== 'owner')
    .sort()
    .map((name) => `${name} ${crc32(readFileSync(inside(directory, name)))}`);
}

function seeded() {
  const seed = Date.now() % 1_000_000;
  return { seed, random: createRandom(seed) };
}
