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
import { asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { openJournalDump } from '#src/server/journals.ts';
import { judge } from './damage.ts';
import { journalOf } from './flavours.ts';
import { copyDirectory, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const WRITER = fileURLToPath(new URL('./writer.js', import.meta.url));
const HOARDER = fileURLToPath(new URL('./descriptor-hoarder.js', import.meta.url));
const SETTLE_TIMEOUT_MS = 10_000;

describe('journals: failure', () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, 'journal');
  });
  afterEach(() => temporary.remove());

  for (const flavour of ['main', 'worker', 'segments'] as const) {
    // No file may grow beyond 6 MiB. SQLite: the merge that would exceed it fails, between two commits. Segments: the
    // next segment cannot be made, which is final when the present one, of 4 MiB, is full.
    it(`never acknowledge again after a failure between two writes (${flavour})`, async function () {
      this.timeout(20_000);
      const heard = await writeUnderLimit(6 * 1024, [directory, flavour, '20000', '1']);
      const firstFailure = heard.findIndex((line) => line.startsWith('failed'));
      assert.ok(firstFailure > 100, heard.slice(-5).join(', '));
      assert.deepEqual(new Set(heard.slice(firstFailure)), new Set(['failed JOURNAL_IO']));
      const verdict = await judge(directory, 20_000, flavour);
      assert.ok(verdict.kind === 'whole' && verdict.slots >= firstFailure - 1, JSON.stringify(verdict));
    });

    // One value of 6 MB fits nowhere: the write itself fails.
    it(`report a failed write and everything after it (${flavour})`, async function () {
      this.timeout(20_000);
      const heard = await writeUnderLimit(5 * 1024, [directory, flavour, '6000000', '1']);
      assert.deepEqual([heard[0], ...new Set(heard.slice(1))], ['open 1', 'failed JOURNAL_IO']);
      assert.deepEqual(await judge(directory, 6_000_000, flavour), { kind: 'whole', slots: 0 });
    });

    it(`say in one sentence why they cannot open (${flavour})`, async () => {
      await assert.rejects(journalOf(flavour, '/dev/null/journal').open(WRITER_IDENTITY), {
        code: 'JOURNAL_IO',
        message: /^opening the journal failed in \/dev\/null\/journal: ENOTDIR/,
      });
    });
  }

  it('map what SQLite, the file system and the module loader throw', () => {
    const coded = (code: string, message = 'reason') => Object.assign(new Error(message), { code });
    const map = (error: Error) => journalTrouble('dir', 'writing', error);
    assert.equal(map(coded('SQLITE_FULL')).message, 'writing failed in dir: the disk is full');
    assert.equal(map(coded('ENOSPC')).message, 'writing failed in dir: the disk is full');
    assert.equal(map(coded('SQLITE_IOERR_FSYNC')).message, 'writing failed in dir: reason');
    // A file system without any room, where there is one.
    const told = existsSync('/proc/self') ? 'the disk is full' : 'reason';
    const atOpen = journalTrouble('/proc/journal', 'opening', coded('SQLITE_IOERR_WRITE'));
    assert.equal(atOpen.message, `opening failed in /proc/journal: ${told}`);
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

  it('name the limit, and what to do, when the process has no file descriptor left', async () => {
    // In a process of its own that takes them all, and then wants a journal in segments.
    const lines = await linesOf('bash', [
      '-c',
      'ulimit -n 64; exec "$@"',
      'bash',
      process.execPath,
      HOARDER,
      directory,
    ]);
    assert.deepEqual(lines, [
      `JOURNAL_IO opening the journal failed in ${directory}: this process has no file descriptor left: raise its limit of open files (ulimit -n, which is 64) above the number of its connections, by 18 for the journal and what the backend needs`,
    ]);
  });

  for (const flavour of ['main', 'segments'] as const) {
    it(`store what was learned once it is quiet, without another write (${flavour})`, async function () {
      this.timeout(SETTLE_TIMEOUT_MS + 2000);
      const journal = journalOf(flavour, directory);
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
  }
});

/** Runs the writer where no file may exceed this size, until it ends by itself. */
async function writeUnderLimit(kibibytes: number, parameters: readonly string[]): Promise<string[]> {
  const script = `ulimit -f ${kibibytes}; exec "$@"`;
  return linesOf('bash', ['-c', script, 'bash', process.execPath, WRITER, ...parameters]);
}

async function linesOf(program: string, parameters: readonly string[]): Promise<string[]> {
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) heard.push(line);
  return heard;
}

/** Looks at a copy, because the original is in use. */
function learnedOnDisk(directory: string, copy: string): number {
  if (!existsSync(copy)) copyDirectory(directory, copy);
  const dump = openJournalDump(copy);
  try {
    return dump.learnedSlot;
  } finally {
    dump.close();
  }
}
