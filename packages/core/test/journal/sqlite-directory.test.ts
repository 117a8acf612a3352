/** The directory of a SQLite journal: how it is made, what lies there, and what others can read. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { formatIfEmpty } from '#src/adapters/sqlite-journal/format.ts';
import { createSqliteJournal, openSqliteDump } from '#src/adapters/sqlite-journal/index.ts';
import { asNodeId, asSlot, asWriteSequence, NOOP } from '#src/protocol/types.ts';
import { DATABASE_FILE, inside, judge, WITNESS_FILE, writeEntries } from './damage.ts';
import { openAndClose } from './flavours.ts';
import { modeOf, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { WRITER_IDENTITY } from './writer-values.ts';

describe('sqlite journal: directory', () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, 'new', 'journal');
  });
  afterEach(() => temporary.remove());

  it('is made with access for its owner alone, and left with three files after a clean stop', async () => {
    const journal = createSqliteJournal({ directory, thread: 'main' });
    await journal.open(WRITER_IDENTITY);
    assert.equal(modeOf(directory), '700');
    const files = readdirSync(directory).sort();
    assert.deepEqual(files, ['journal.db', 'journal.db-wal', 'lock', 'owner', 'witness']);
    for (const file of files) assert.equal(modeOf(join(directory, file)), '600', file);
    assert.equal(readFileSync(join(directory, 'owner'), 'utf8'), `${process.pid}\n`);
    await journal.close();
    assert.deepEqual(readdirSync(directory).sort(), ['journal.db', 'lock', 'witness']);
  });

  it('times the disk when the thread is chosen automatically, and says what it chose', async () => {
    const lines: string[] = [];
    const note = (message: string, fields?: object): void =>
      void lines.push(`${message} ${JSON.stringify(fields)}`);
    const journal = createSqliteJournal({
      directory,
      logger: { debug: note, info: note, warn: note, error: note },
    });
    await journal.open(WRITER_IDENTITY);
    assert.match(
      lines.join('\n'),
      /^journal thread chosen by measured flush time \{"thread":"(main|worker)","flushMs":[\d.]+\}$/,
    );
    assert.deepEqual(
      readdirSync(directory).filter((file) => file.startsWith('probe')),
      [],
    );
    const second = createSqliteJournal({
      directory,
      logger: { debug: note, info: note, warn: note, error: note },
    });
    lines.length = 0;
    await assert.rejects(second.open(WRITER_IDENTITY), { code: 'JOURNAL_LOCKED' });
    assert.ok(!lines.join().includes('thread chosen'), 'it has no journal to choose a thread for');
    await journal.close();
  });

  it('keeps the write-ahead log at its size while entries pass through it', async () => {
    const journal = await writeEntries(directory, 1, 60, 200_000);
    assert.equal(statSync(inside(directory, 'journal.db-wal')).size, 4 * 1024 * 1024);
    assert.ok(statSync(inside(directory, DATABASE_FILE)).size > 11_000_000);
    await journal.close();
    assert.deepEqual(await judge(directory, 200_000), { kind: 'whole', slots: 60 });
  });

  it('starts over when formatting was cut short', async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(inside(directory, DATABASE_FILE), '');
    assert.equal((await openAndClose('main', directory)).formatted, true);
    const second = join(temporary.path, 'second');
    mkdirSync(second);
    formatIfEmpty(second, WRITER_IDENTITY);
    rmSync(inside(second, WITNESS_FILE));
    const opened = await openAndClose('main', second);
    assert.deepEqual([opened.formatted, opened.incarnation], [true, 1]);
  });

  it('is not read by an older build than the one that wrote it', async () => {
    await openAndClose('main', directory);
    const database = new Database(inside(directory, DATABASE_FILE));
    database.pragma('user_version = 4');
    database.close();
    await assert.rejects(openAndClose('main', directory), {
      code: 'JOURNAL_FOREIGN',
      message: /has journal format 4 and this build of Quorate reads 3: use the build that wrote it/,
    });
  });

  it('can be read with plain SQL', async () => {
    await (await writeEntries(directory, 1, 8, 100)).close();
    const database = new Database(inside(directory, DATABASE_FILE), { readonly: true });
    const rows = database
      .prepare(
        'select group_number, slot, round, node, chosen, length(value) as bytes from entries where slot > 6',
      )
      .all();
    assert.deepEqual(
      rows,
      [7, 8].map((slot) => ({ group_number: 0, slot, round: slot, node: 1, chosen: 0, bytes: 100 })),
    );
    assert.equal(database.prepare('select max(promised_round) from state').pluck().get(), 8);
    assert.equal(database.pragma('application_id', { simple: true }), 0x51727465);
    database.close();
  });

  it('keeps the entries of a group above 0 under keys of their own', async () => {
    const identity = { ...WRITER_IDENTITY, group: 1023 };
    const journal = createSqliteJournal({ directory, thread: 'main' });
    await journal.open(identity);
    const slot = asSlot(2 ** 53 - 2);
    const write = {
      kind: 'chosen',
      sequence: asWriteSequence(1),
      entry: { slot, ballot: { round: 1, node: asNodeId(1) }, value: NOOP },
    } as const;
    await new Promise<void>((resolve, reject) =>
      journal.append([write], (error) => (error === undefined ? resolve() : reject(error))),
    );
    assert.equal(journal.readEntries(slot, asSlot(slot + 1), 1).length, 1);
    await journal.close();
    const dump = openSqliteDump(directory);
    assert.deepEqual(
      [...dump.entries()].map((entry) => [entry.slot, entry.intact]),
      [[slot, true]],
    );
    dump.close();
  });
});

describe('sqlite journal: dump', () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, 'journal');
  });
  afterEach(() => temporary.remove());

  it('marks damaged entries instead of stopping at them', async () => {
    await (await writeEntries(directory, 1, 4, 100)).close();
    const database = new Database(inside(directory, DATABASE_FILE));
    database.exec('update entries set round = 77 where position = 2');
    database.close();
    const dump = openSqliteDump(directory);
    assert.deepEqual(
      [...dump.entries()].map(({ intact }) => intact),
      [true, false, true, true],
    );
    dump.close();
  });

  it('says so when there is nothing to read', () => {
    assert.throws(() => openSqliteDump(directory), {
      code: 'ARGUMENT',
      message: `there is no journal in ${directory}`,
    });
  });
});
