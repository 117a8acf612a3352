/**
 * A node killed with SIGKILL in the middle of its writes finds everything it had acknowledged: real processes on
 * a real disk, several lives of one directory.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Journal, OpenedJournal } from '#src/ports/journal.ts';
import { createRandom } from '#src/protocol/random.ts';
import { asSlot } from '#src/protocol/types.ts';
import { type Flavour, journalOf } from './flavours.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const WRITER = fileURLToPath(new URL('./writer.js', import.meta.url));
/** Enough that the write-ahead log is merged several times in a life. */
const VALUE_BYTES = 20_000;

describe('journals and kill -9', () => {
  let temporary: TemporaryDirectory;
  beforeEach(() => {
    temporary = temporaryDirectory();
  });
  afterEach(() => temporary.remove());

  for (const [flavour, lives] of [
    ['main', 4],
    ['worker', 3],
    ['segments', 5],
  ] as const) {
    it(`keep every acknowledged write (${flavour})`, async function () {
      this.timeout(60_000);
      const seed = Date.now() % 1_000_000;
      const random = createRandom(seed);
      const directory = join(temporary.path, 'journal');
      let acknowledged = 0;
      for (let life = 1; life <= lives; life++) {
        const lines = random.between(20, 400);
        const heard = await killAfter(lines, [
          directory,
          flavour,
          String(VALUE_BYTES),
          String(acknowledged + 1),
        ]);
        assert.equal(heard[0], `open ${2 * life - 1}`, `seed ${seed}`);
        acknowledged = Math.max(acknowledged, ...heard.slice(1).map(Number));
        acknowledged = await check(flavour, directory, acknowledged, `seed ${seed}, life ${life}`);
      }
    });
  }

  for (const flavour of ['main', 'segments'] as const) {
    it(`refuse a second process, name the first, and are free again when that dies (${flavour})`, async function () {
      this.timeout(20_000);
      const directory = join(temporary.path, 'journal');
      const writer = spawn(process.execPath, [WRITER, directory, flavour, '100', '1'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await firstLine(writer.stdout);
        await assert.rejects(journalOf(flavour, directory).open(WRITER_IDENTITY), (error: Error) => {
          assert.match(error.message, new RegExp(`in use by process ${writer.pid}: `));
          return 'code' in error && error.code === 'JOURNAL_LOCKED';
        });
      } finally {
        await kill(writer);
      }
      const journal = journalOf(flavour, directory);
      assert.equal((await journal.open(WRITER_IDENTITY)).incarnation, 2);
      await journal.close();
    });
  }
});

/** Runs the writer until it has printed this many lines, kills it, and gives everything it said. */
async function killAfter(lines: number, parameters: readonly string[]): Promise<string[]> {
  const writer = spawn(process.execPath, [WRITER, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    heard.push(line);
    if (heard.length === lines) writer.kill('SIGKILL');
  }
  await kill(writer);
  return heard;
}

async function kill(writer: ReturnType<typeof spawn>): Promise<void> {
  if (writer.exitCode !== null || writer.signalCode !== null) return;
  writer.kill('SIGKILL');
  await new Promise((resolve) => writer.once('exit', resolve));
}

async function firstLine(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) return line;
  throw new Error('the writer ended without a word');
}

/** Everything up to `acknowledged` is there as it was written. Returns the highest slot that is held. */
async function check(
  flavour: Flavour,
  directory: string,
  acknowledged: number,
  hint: string,
): Promise<number> {
  const journal = journalOf(flavour, directory);
  const opened = await journal.open(WRITER_IDENTITY);
  const highest = checkAccepted(opened, acknowledged, hint);
  checkLearned(journal, opened, hint);
  await journal.close();
  return highest;
}

function checkAccepted({ image }: OpenedJournal, acknowledged: number, hint: string): number {
  const highest = image.accepted.at(-1)?.slot ?? image.learnedSlot;
  assert.ok(highest >= acknowledged, `${hint}: acknowledged up to ${acknowledged}, found up to ${highest}`);
  assert.equal(image.promised.round, highest, hint);
  for (const [index, { chosen, ...entry }] of image.accepted.entries()) {
    assert.deepEqual(entry, expectedEntry(image.learnedSlot + 1 + index, VALUE_BYTES), hint);
    assert.equal(chosen, false, hint);
  }
  return highest;
}

function checkLearned(journal: Journal, { image }: OpenedJournal, hint: string): void {
  const entries = journal.readEntries(asSlot(1), asSlot(image.learnedSlot + 1), Number.MAX_SAFE_INTEGER);
  assert.equal(entries.length, image.learnedSlot, hint);
  for (const [index, entry] of entries.entries())
    assert.deepEqual(entry, expectedEntry(index + 1, VALUE_BYTES), hint);
}
