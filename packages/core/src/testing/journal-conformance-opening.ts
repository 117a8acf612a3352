/**
 * Conformance of a journal, first part: formatting, identity, incarnations, the lock, peers, closing.
 */
import assert from 'node:assert/strict';
import { ZERO_BALLOT } from '../protocol/ballot.ts';
import { asNodeId, SLOT_ZERO } from '../protocol/types.ts';
import {
  accept,
  type ConformanceRunner,
  IDENTITY,
  type JournalSubjectFactory,
  learned,
  open,
  reopen,
  withSubject,
} from './journal-conformance-kit.ts';

export function journalOpeningConformance(factory: JournalSubjectFactory, runner: ConformanceRunner): void {
  withSubject(runner, factory, 'formats an empty storage once and gives it an id', async (subject) => {
    const first = await open(subject);
    const { image, incarnation, formatted, peers, storageId } = first.opened;
    assert.deepEqual(image, { promised: ZERO_BALLOT, learnedSlot: SLOT_ZERO, accepted: [] });
    assert.deepEqual({ incarnation, formatted, peers }, { incarnation: 1, formatted: true, peers: [] });
    assert.match(storageId, /^[0-9a-f]{32}$/);
    const second = await reopen(subject, first);
    assert.deepEqual(
      [second.opened.formatted, second.opened.incarnation, second.opened.storageId],
      [false, 2, storageId],
    );
    await second.journal.close();
  });

  withSubject(
    runner,
    factory,
    'raises the incarnation at every open, also after a crash',
    async (subject) => {
      await open(subject);
      await subject.crash();
      await open(subject);
      await subject.crash();
      const third = await open(subject);
      assert.equal(third.opened.incarnation, 3);
      await third.journal.close();
    },
  );

  withSubject(runner, factory, 'refuses a second journal over the same storage', async (subject) => {
    const first = await open(subject);
    await assert.rejects(open(subject), { code: 'JOURNAL_LOCKED' });
    await first.write(accept(1, 1, 'still works'));
    const next = await reopen(subject, first);
    await next.journal.close();
  });

  withSubject(
    runner,
    factory,
    'refuses a storage of another cluster, membership, node or group',
    async (subject) => {
      const first = await open(subject);
      await first.journal.close();
      for (const other of [
        { clusterId: 'cluster-b' },
        { genesisDigest: 'digest-b' },
        { node: asNodeId(3) },
        { group: 1 },
      ]) {
        await assert.rejects(open(subject, { ...IDENTITY, ...other }), { code: 'JOURNAL_FOREIGN' });
      }
      const again = await open(subject);
      assert.equal(again.opened.incarnation, 2, 'a refused open is no life of the node');
      await again.journal.close();
    },
  );

  withSubject(runner, factory, 'remembers peers before it returns', async (subject) => {
    const first = await open(subject);
    first.journal.rememberPeer({
      node: asNodeId(3),
      storageId: 'c'.repeat(32),
      incarnation: 1,
      processNonce: 'p1',
    });
    first.journal.rememberPeer({
      node: asNodeId(1),
      storageId: 'a'.repeat(32),
      incarnation: 7,
      processNonce: 'p7',
    });
    first.journal.rememberPeer({
      node: asNodeId(3),
      storageId: 'c'.repeat(32),
      incarnation: 2,
      processNonce: 'p2',
    });
    await subject.crash();
    const second = await open(subject);
    assert.deepEqual(second.opened.peers, [
      { node: 1, storageId: 'a'.repeat(32), incarnation: 7, processNonce: 'p7' },
      { node: 3, storageId: 'c'.repeat(32), incarnation: 2, processNonce: 'p2' },
    ]);
    await second.journal.close();
  });

  withSubject(
    runner,
    factory,
    'finishes what was appended before it closes, and accepts nothing afterwards',
    async (subject) => {
      const first = await open(subject);
      const order: string[] = [];
      const writes = [
        first.append(accept(1, 1, 'a')),
        first.append(learned(1)),
        first.append(accept(2, 1, 'b')),
      ];
      for (const [index, write] of writes.entries())
        void write.then((error) => order.push(`${index} ${error?.code ?? 'done'}`));
      await first.journal.close();
      await Promise.all(writes);
      assert.deepEqual(order, ['0 done', '1 done', '2 done']);
      await first.journal.close();
      assert.equal((await first.append(accept(3, 1, 'c')))?.code, 'CLOSED');
      const second = await open(subject);
      assert.equal(second.opened.image.learnedSlot, 1, 'a clean stop keeps what was learned');
      assert.deepEqual(
        second.opened.image.accepted.map(({ slot }) => slot),
        [2],
      );
      await second.journal.close();
    },
  );
}
