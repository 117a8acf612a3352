/**
 * What only a power cut would show: flushes that must have happened, settings that make them happen, and a hard state
 * that is damaged when its witness lags. The power stays on; the test listens to what is asked of the file system.
 */
import assert from 'node:assert/strict';
import fs, { copyFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openWriter } from '#src/adapters/sqlite-journal/connection.ts';
import { createSqliteJournal } from '#src/adapters/sqlite-journal/index.ts';
import { asNodeId, asWriteSequence } from '#src/protocol/types.ts';
import {
  appendEntries,
  copyIdle,
  DATABASE_FILE,
  inside,
  WAL_FILE,
  WITNESS_FILE,
  writeEntries,
} from './damage.ts';
import { copyDirectory, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { WRITER_IDENTITY } from './writer-values.ts';

const VALUE_BYTES = 100;
const SLOTS = 12;

describe('sqlite journal: durability', () => {
  let temporary: TemporaryDirectory;
  /** As a killed process left it. */
  let killed: string;
  let stopped: string;
  /** As a power cut may leave the witness: it is not flushed with every write. */
  let laggingWitness: string;

  before(async () => {
    temporary = temporaryDirectory();
    stopped = join(temporary.path, 'stopped');
    const journal = await writeEntries(stopped, 1, SLOTS - 4, VALUE_BYTES);
    laggingWitness = join(temporary.path, 'lagging-witness');
    copyFileSync(inside(stopped, WITNESS_FILE), laggingWitness);
    await appendEntries(journal, SLOTS - 3, SLOTS, VALUE_BYTES);
    killed = join(temporary.path, 'killed');
    copyDirectory(stopped, killed);
    await journal.close();
  });
  after(() => temporary.remove());

  it('flushes everything that it found before it says what that was', async () => {
    const directory = join(temporary.path, 'reopened');
    copyDirectory(killed, directory);
    const flushed = listenToFlushes();
    const journal = createSqliteJournal({ directory, thread: 'main' });
    try {
      await journal.open(WRITER_IDENTITY);
    } finally {
      flushed.stop();
    }
    await journal.close();
    const first = flushed.paths.indexOf(inside(directory, DATABASE_FILE));
    assert.ok(first >= 0, `flushed were ${flushed.paths.join(', ')}`);
    for (const file of [WAL_FILE, WITNESS_FILE])
      assert.ok(flushed.paths.includes(inside(directory, file)), file);
    assert.ok(flushed.paths.includes(directory), 'the names in the directory');
  });

  it('flushes every commit, and past the cache of the drive where that takes a call of its own', () => {
    const path = join(temporary.path, 'settings.db');
    new Database(path).close();
    const connection = openWriter(path, 1024 * 1024);
    try {
      const settings = ['journal_mode', 'synchronous', 'fullfsync', 'checkpoint_fullfsync', 'locking_mode'];
      const taken = settings.map((name) => [name, connection.pragma(name, { simple: true })]);
      assert.deepEqual(Object.fromEntries(taken), {
        journal_mode: 'wal',
        synchronous: 2,
        fullfsync: 1,
        checkpoint_fullfsync: 1,
        locking_mode: 'exclusive',
      });
    } finally {
      connection.close();
    }
  });

  it('does not fall back to an older promise, although nothing else tells the two apart', async () => {
    const directory = copyIdle(stopped, join(temporary.path, 'promised'));
    const ballot = { round: 1000, node: asNodeId(2) };
    const journal = createSqliteJournal({ directory, thread: 'main' });
    await journal.open(WRITER_IDENTITY);
    await new Promise((resolve) =>
      journal.append([{ kind: 'promise', sequence: asWriteSequence(1), ballot }], resolve),
    );
    await journal.close();
    const newest = '(select max(number) from state)';
    for (const [index, change] of [
      `update state set promised_round = promised_round - 1 where number = ${newest}`,
      `update state set crc = crc + 1 where number = ${newest}`,
      `delete from state where number = ${newest}`,
    ].entries()) {
      const damaged = copyIdle(directory, join(temporary.path, `damaged-${index}`));
      // Entries and learned slot are those of the copy before, and the witness may be even older.
      copyFileSync(laggingWitness, inside(damaged, WITNESS_FILE));
      alter(damaged, change);
      const opening = createSqliteJournal({ directory: damaged, thread: 'main' }).open(WRITER_IDENTITY);
      await assert.rejects(opening, { code: 'JOURNAL_CORRUPT' }, change);
    }
  });
});

/** Notes the path of every file and directory that is flushed from JavaScript, until `stop`. */
function listenToFlushes(): { readonly paths: readonly string[]; stop(): void } {
  const { openSync, fsyncSync } = fs;
  const opened = new Map<number, string>();
  const paths: string[] = [];
  fs.openSync = (path, ...rest) => {
    const descriptor = openSync(path, ...rest);
    opened.set(descriptor, String(path));
    return descriptor;
  };
  fs.fsyncSync = (descriptor) => {
    fsyncSync(descriptor);
    paths.push(opened.get(descriptor) ?? '');
  };
  syncBuiltinESMExports();
  return {
    paths,
    stop: () => {
      Object.assign(fs, { openSync, fsyncSync });
      syncBuiltinESMExports();
    },
  };
}

/** Changes the database behind the journal's back. */
function alter(directory: string, sql: string): void {
  const database = new Database(inside(directory, DATABASE_FILE));
  database.exec(sql);
  database.close();
}
