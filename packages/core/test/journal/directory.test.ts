/** The directory of a journal, of either kind: whose it is, who keeps whom out, and what can be read there without a node. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asNodeId } from '#src/protocol/types.ts';
import { openJournalDump } from '#src/server/journals.ts';
import { writeEntries } from './damage.ts';
import { journalOf, openAndClose } from './flavours.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary.ts';
import { expectedEntry, WRITER_IDENTITY } from './writer-values.ts';

const FORMAT_VERSIONS = { segments: 2, main: 3 };

for (const flavour of ['segments', 'main'] as const) {
  const kind = flavour === 'main' ? 'in SQLite' : 'in segments';
  let temporary: TemporaryDirectory;
  let directory: string;

  describe(`the directory of a journal ${kind}`, () => {
    beforeEach(() => {
      temporary = temporaryDirectory();
      directory = join(temporary.path, 'journal');
    });
    afterEach(() => temporary.remove());

    it('says whose journal it is when another node comes', async () => {
      await openAndClose(flavour, directory);
      const other = { ...WRITER_IDENTITY, clusterId: 'readers', node: asNodeId(2) };
      await assert.rejects(journalOf(flavour, directory).open(other), {
        code: 'JOURNAL_FOREIGN',
        message: `the journal in ${directory} belongs to cluster writers, node 1, but this node is cluster readers, node 2: check the data directory and the addresses`,
      });
    });

    it('shows everything to a reader, in order and once, and stays as it was', async () => {
      await (await writeEntries(directory, 1, 30, 60_000, flavour)).close();
      const journal = await writeEntries(directory, 31, 33, 100, flavour);
      const peer = { node: asNodeId(2), storageId: 'b'.repeat(32), incarnation: 4, processNonce: 'p' };
      journal.rememberPeer(peer);
      await journal.close();
      const before = readdirSync(directory);
      const dump = openJournalDump(directory);
      const { storageId, ...identity } = dump.identity;
      assert.match(storageId, /^[0-9a-f]{32}$/);
      assert.deepEqual(identity, {
        ...WRITER_IDENTITY,
        formatVersion: FORMAT_VERSIONS[flavour],
        incarnation: 2,
      });
      assert.deepEqual([dump.promised.round, dump.learnedSlot], [33, 28]);
      assert.deepEqual(dump.peers, [peer]);
      const entries = [...dump.entries()];
      assert.deepEqual(
        entries,
        entries.map((_, index) => ({
          ...expectedEntry(index + 1, index < 30 ? 60_000 : 100),
          chosen: false,
          intact: true,
        })),
      );
      assert.equal(entries.length, 33);
      dump.close();
      dump.close();
      assert.deepEqual(readdirSync(directory), before);
    });

    it('is not read while it is in use, and keeps a node from starting while it is read', async () => {
      const journal = await writeEntries(directory, 1, 1, 100, flavour);
      assert.throws(() => openJournalDump(directory), {
        code: 'JOURNAL_LOCKED',
        message: /in use by this process: /,
      });
      await journal.close();
      const dump = openJournalDump(directory);
      await assert.rejects(openAndClose(flavour, directory), { code: 'JOURNAL_LOCKED' });
      dump.close();
      await openAndClose(flavour, directory);
    });
  });
}

describe('a directory without a journal', () => {
  it('is said to have nothing to read', () => {
    const temporary = temporaryDirectory();
    const directory = join(temporary.path, 'journal');
    assert.throws(() => openJournalDump(directory), {
      code: 'ARGUMENT',
      message: `there is no journal in ${directory}`,
    });
    temporary.remove();
  });
});
