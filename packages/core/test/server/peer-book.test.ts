/** Which storages and lives of its peers a node accepts, and what it does when it cannot remember one. */
import assert from 'node:assert/strict';
import { QuorateError } from '@quorate/wire';
import type { Journal, PeerRecord } from '#src/ports/index.ts';
import { asNodeId } from '#src/protocol/types.ts';
import { PeerBook } from '#src/server/peer-book.ts';

const two = asNodeId(2);

describe('the book of peers', () => {
  let remembered: PeerRecord[];
  let failure: QuorateError | undefined;
  let disk: QuorateError | undefined;

  const rememberPeer: Journal['rememberPeer'] = (record) => {
    if (disk !== undefined) throw disk;
    remembered.push(record);
  };
  const book = (records: readonly PeerRecord[] = []): PeerBook =>
    new PeerBook({ rememberPeer } as Journal, records, (error) => {
      failure = error;
    });

  beforeEach(() => {
    remembered = [];
    failure = undefined;
    disk = undefined;
  });

  it('remembers the first storage and every newer life of it, once', () => {
    const peers = book();
    assert.deepEqual(peers.admit(two, 'a', 3, 'p3'), { ok: true });
    assert.deepEqual(peers.admit(two, 'a', 3, 'p3'), { ok: true });
    assert.deepEqual(peers.admit(two, 'a', 4, 'p4'), { ok: true });
    assert.deepEqual(
      remembered.map(({ incarnation }) => incarnation),
      [3, 4],
    );
  });

  it('refuses another storage and an earlier life', () => {
    const peers = book([{ node: two, storageId: 'a', incarnation: 3, processNonce: 'p3' }]);
    const codes = [peers.admit(two, 'b', 4, 'p4'), peers.admit(two, 'a', 2, 'p2')].map(
      (one) => !one.ok && one.code,
    );
    assert.deepEqual(codes, ['STORAGE_REPLACED', 'STORAGE_REPLACED']);
    assert.deepEqual(remembered, []);
  });

  it('knows the process that ran as an incarnation, also after its own restart: another one runs on a copy', () => {
    book().admit(two, 'a', 3, 'p3');
    const restarted = book(remembered);
    const copy = restarted.admit(two, 'a', 3, 'other');
    assert.ok(!copy.ok && copy.code === 'STORAGE_REPLACED');
    assert.match(copy.message, /^another process ran as incarnation 3 of node 2/);
    assert.deepEqual(restarted.admit(two, 'a', 3, 'p3'), { ok: true });
    assert.deepEqual(restarted.admit(two, 'a', 4, 'p4'), { ok: true });
    assert.ok(!restarted.admit(two, 'a', 4, 'p3').ok);
  });

  it('refuses whom it cannot remember, and says that the node cannot go on', () => {
    const peers = book();
    disk = new QuorateError('JOURNAL_IO', 'the disk is full');
    const verdict = peers.admit(two, 'a', 1, 'p1');
    assert.ok(!verdict.ok && verdict.code === 'JOURNAL_IO');
    assert.equal(failure, disk);
    disk = undefined;
    assert.deepEqual(peers.admit(two, 'a', 1, 'p1'), { ok: true });
    assert.equal(remembered.length, 1);
  });
});
