/**
 * A disk that refuses: the journal says so to everyone from then on, acknowledges nothing more, and what it had
 * acknowledged is there afterwards. The refusals are real ones, by the operating system's limit on file size.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { journalTrouble } from '#src/adapters/journal-common/trouble.ts';
import { createSqliteJournal, openSqliteDump } from '#src/adapters/sqlite-journal/index.ts';
import { asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { judge } from './damage.ts';
import { expectedEntry, WRITER_IDENTITY } from './sqlite-writer-values.ts';
import { copyDirectory, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';

const WRITER = fileURLToPath(new URL('./sqlite-writer.js', import.meta.url));
const SETTLE_TIMEOUT_MS = 10_000;

describe('sqlite journal: failure', () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, 'journal');
  });
  afterEach(() => temporary.remove());

  for (const thread of ['main', 'worker']) {
    // The database may grow to 6 MiB: the merge that would exceed it fails, between two commits.
    it(`never acknowledges again after a failed merge (thread: ${thread})`, async function () {
      this.timeout(20_000);
      const heard = await writeUnderLimit(6 * 1024, [directory, thread, '20000', '1']);
      const firstFailure = heard.findIndex((line) => line.startsWith('failed'));
      assert.ok(firstFailure > 100, heard.slice(-5).join(', '));
      assert.deepEqual(new Set(heard.slice(firstFailure)), new Set(['failed JOURNAL_IO']));
      const verdict = await judge(directory, 20_000);
      assert.ok(verdict.kind === 'whole' && verdict.slots >= firstFailure - 1, JSON.stringify(verdict));
    });

    // One value of 6 MB does not fit into the write-ahead log: the commit itself fails.
    it(`reports a failed commit and everything after it (thread: ${thread})`, async function () {
      this.timeout(20_000);
      const heard = await writeUnderLimit(5 * 1024, [directory, thread, '6000000', '1']);
      assert.deepEqual([heard[0], ...new Set(heard.slice(1))], ['open 1', 'failed JOURNAL_IO']);
      assert.deepEqual(await judge(directory, 6_000_000), { kind: 'whole', slots: 0 });
    });
  }

  it('says in one sentence why it cannot open', async () => {
    await assert.rejects(
      createSqliteJournal({ directory: '/dev/null/journal', thread: 'main' }).open(WRITER_IDENTITY),
      {
        code: 'JOURNAL_IO',
        message: /^opening the journal failed in \/dev\/null\/journal: ENOTDIR/,
      },
    );
  });

  it('maps what SQLite, the file system and the module loader throw', () => {
    const coded = (code: string, message = 'reason') => Object.assign(new Error(message), { code });
    const map = (error: Error) => journalTrouble('dir', 'writing', error);
    assert.equal(map(coded('SQLITE_FULL')).message, 'writing failed in dir: the disk is full');
    assert.equal(map(coded('ENOSPC')).message, 'writing failed in dir: the disk is full');
    assert.equal(map(coded('SQLITE_IOERR_FSYNC')).code, 'JOURNAL_IO');
    assert.equal(map(coded('SQLITE_CORRUPT_INDEX')).code, 'JOURNAL_CORRUPT');
    assert.equal(map(coded('SQLITE_NOTADB')).code, 'JOURNAL_CORRUPT');
    for (const missing of [
      coded('ERR_DLOPEN_FAILED'),
      new Error('Could not locate the bindings file. Tried: ...'),
    ]) {
      assert.match(
        map(missing).message,
        /run "npm rebuild better-sqlite3", with npm 12 after "npm approve-scripts better-sqlite3"$/,
      );
    }
  });

  it('stores what was learned once it is quiet, without another write', async function () {
    this.timeout(SETTLE_TIMEOUT_MS + 2000);
    const journal = createSqliteJournal({ directory, thread: 'main' });
    await journal.open(WRITER_IDENTITY);
    const write = (writes: Parameters<typeof journal.append>[0]) =>
      new Promise<void>((resolve, reject) =>
        journal.append(writes, (error) => (error === undefined ? resolve() : reject(error))),
      );
    await write([{ kind: 'accept', sequence: asWriteSequence(1), entry: expectedEntry(1, 100) }]);
    await write([{ kind: 'learned', sequence: asWriteSequence(2), slot: asSlot(1) }]);
    const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
    for (let look = 0; learnedOnDisk(directory, join(temporary.path, `look-${look}`)) !== 1; look++) {
      assert.ok(performance.now() < deadlineMs, 'the learned slot did not reach the disk');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await journal.close();
  });
});

/** Runs the writer where no file may exceed this size, until it ends by itself. */
async function writeUnderLimit(kibibytes: number, parameters: readonly string[]): Promise<string[]> {
  const script = `ulimit -f ${kibibytes}; exec "$@"`;
  const writer = spawn('bash', ['-c', script, 'bash', process.execPath, WRITER, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heard: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) heard.push(line);
  return heard;
}

/** Looks at a copy, because the original is in use. */
function learnedOnDisk(directory: string, copy: string): number {
  if (!existsSync(copy)) copyDirectory(directory, copy);
  const dump = openSqliteDump(copy);
  try {
    return dump.learnedSlot;
  } finally {
    dump.close();
  }
}
