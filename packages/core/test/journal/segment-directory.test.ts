/** The directory of a journal in segments: how it is made, what lies there, and what a start reads. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatIfEmpty } from '#src/adapters/segment-journal/format.ts';
import { NodeDisk } from '#src/adapters/segment-journal/node-disk.ts';
import { createSegmentJournal } from '#src/adapters/segment-journal/on-files.ts';
import { MAX_PEER_NAME_BYTES, MAX_PEERS } from '#src/adapters/segment-journal/peers.ts';
import { MAX_ADDRS } from '#src/config/schema.ts';
import { asNodeId, asSlot, asWriteSequence } from '#src/protocol/types.ts';
import { inside, writeEntries } from './damage.ts';
import { journalOf, openAndClose } from './flavours.ts';
import { copyDirectory, modeOf, type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const FILES = [
  'identity-1',
  'identity-2',
  'lock',
  'peers',
  'segment-0000000001',
  'segment-0000000002',
  'witness',
];
const STARTS = 30;

describe('journal in segments: directory', () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, 'new', 'journal');
  });
  afterEach(() => temporary.remove());

  it('is made with access for its owner alone, and left tidy after a clean stop', async () => {
    const journal = journalOf('segments', directory);
    await journal.open(WRITER_IDENTITY);
    assert.equal(modeOf(directory), '700');
    const files = readdirSync(directory).sort();
    assert.deepEqual(files, [...FILES, 'owner'].sort());
    for (const file of files) assert.equal(modeOf(inside(directory, file)), '600', file);
    await journal.close();
    assert.deepEqual(readdirSync(directory).sort(), FILES);
  });

  it('goes on at each start in the segment that it has, after a clean stop and after a crash', async () => {
    for (let start = 1; start <= STARTS; start++) {
      const opened = await openAndClose('segments', directory);
      assert.equal(opened.incarnation, start);
    }
    assert.deepEqual(readdirSync(directory).sort(), FILES);
    const crashed = join(temporary.path, 'crashed');
    const journal = await writeEntries(directory, 1, 3, 700, 'segments');
    copyDirectory(directory, crashed);
    await journal.close();
    assert.equal((await openAndClose('segments', crashed)).incarnation, STARTS + 2);
    assert.deepEqual(readdirSync(crashed).sort(), FILES);
  });

  it('begins a segment at a start when there is no room, and gives back what the one before did not use', async () => {
    const sizes = { firstBytes: 4096, maxBytes: 4096 };
    for (let start = 1; start <= STARTS; start++) {
      const journal = createSegmentJournal({ directory, sizes });
      assert.equal((await journal.open(WRITER_IDENTITY)).incarnation, start);
      await journal.close();
    }
    const segments = readdirSync(directory).filter((name) => name.startsWith('segment-'));
    // A start and a stop are a sector each, and seven of them fit.
    assert.equal(segments.length, 1 + Math.ceil((2 * STARTS) / 7), segments.join(' '));
    for (const name of segments.slice(1, -1))
      assert.ok(statSync(inside(directory, name)).size < 4096, `${name} was not cut`);
  });

  it('starts over when formatting was cut short, and removes what was being prepared', async () => {
    mkdirSync(directory, { recursive: true });
    for (const file of ['identity-2', 'segment-0000000001']) writeFileSync(inside(directory, file), '');
    assert.equal((await openAndClose('segments', directory)).formatted, true);
    const second = join(temporary.path, 'second');
    mkdirSync(second);
    formatIfEmpty(new NodeDisk(second), WRITER_IDENTITY, 'a'.repeat(32));
    rmSync(inside(second, 'identity-1'));
    rmSync(inside(second, 'identity-2'));
    writeFileSync(inside(second, 'next'), 'anything');
    const opened = await openAndClose('segments', second);
    assert.deepEqual([opened.formatted, opened.incarnation], [true, 1]);
    assert.deepEqual(readdirSync(second).sort(), FILES);
  });

  for (const [kind, other] of [
    ['segments', 'main'],
    ['main', 'segments'],
  ] as const) {
    it(`of one kind is refused by the other, which names the setting (${kind})`, async () => {
      await openAndClose(kind, directory);
      const before = readdirSync(directory).sort();
      const setting = kind === 'main' ? 'sqlite' : 'segments';
      await assert.rejects(journalOf(other, directory).open(WRITER_IDENTITY), {
        code: 'JOURNAL_FOREIGN',
        message: new RegExp(`is of the kind "${setting}".*: write "journal: ${setting}" into the settings$`),
      });
      assert.deepEqual(readdirSync(directory).sort(), before);
      assert.equal((await openAndClose(kind, directory)).incarnation, 2);
    });
  }

  it('reads at a start only what may hold an entry that is not learned', async () => {
    const journal = await writeEntries(directory, 1, 60, 100_000, 'segments');
    await journal.close();
    const segments = readdirSync(directory).filter((name) => name.startsWith('segment-'));
    assert.ok(segments.length >= 4, segments.join(' '));
    // Everything but its first record is gone from the oldest segment with entries; nobody has asked for them yet.
    const oldest = inside(directory, 'segment-0000000002');
    writeFileSync(oldest, readFileSync(oldest).subarray(0, 512));
    const reopened = journalOf('segments', directory);
    const { image } = await reopened.open(WRITER_IDENTITY);
    assert.deepEqual([image.learnedSlot, image.accepted.length], [55, 5]);
    assert.equal(reopened.readEntries(asSlot(55), asSlot(56), 1).length, 1);
    assert.throws(() => reopened.readEntries(asSlot(1), asSlot(2), 1), { code: 'JOURNAL_CORRUPT' });
    await reopened.close();
  });

  it('gives a value that is larger than a segment one of its own', async () => {
    const journal = await writeEntries(directory, 1, 3, 100, 'segments');
    await append(journal, 4, 3_000_000);
    await append(journal, 5, 100);
    await journal.close();
    const reopened = journalOf('segments', directory);
    const { image } = await reopened.open(WRITER_IDENTITY);
    assert.deepEqual(
      image.accepted.map(({ slot, value }) => `${slot} ${value.kind === 'batch' ? value.bytes.length : 0}`),
      ['1 100', '2 100', '3 100', '4 3000000', '5 100'],
    );
    await reopened.close();
  });
});

describe('journal in segments: peers', () => {
  it('fit, as many as a configuration allows, with the longest names that a greeting may bring', async () => {
    assert.ok(MAX_PEERS >= MAX_ADDRS);
    const temporary = temporaryDirectory();
    const directory = join(temporary.path, 'journal');
    // What takes most room in the file: each byte becomes six characters.
    const name = String.fromCharCode(1).repeat(MAX_PEER_NAME_BYTES);
    const peers = Array.from({ length: MAX_PEERS }, (_, index) => ({
      node: asNodeId(index + 1),
      storageId: name,
      incarnation: 2 ** 32 - 1,
      processNonce: name,
    }));
    const journal = journalOf('segments', directory);
    await journal.open(WRITER_IDENTITY);
    for (const peer of peers) journal.rememberPeer(peer);
    await journal.close();
    assert.deepEqual((await openAndClose('segments', directory)).peers, peers);
    temporary.remove();
  });
});

async function append(journal: ReturnType<typeof journalOf>, slot: number, bytes: number): Promise<void> {
  const write = {
    kind: 'accept',
    sequence: asWriteSequence(slot),
    entry: expectedEntry(slot, bytes),
  } as const;
  await new Promise<void>((resolve, reject) =>
    journal.append([write], (error) => (error === undefined ? resolve() : reject(error))),
  );
}
