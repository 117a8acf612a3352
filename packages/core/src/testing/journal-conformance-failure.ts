/**
 * Conformance of a journal whose storage fails: everybody hears of it, the owner without asking, and nothing more is
 * acknowledged. For journals over a storage that a test can break.
 */
import assert from 'node:assert/strict';
import type { QuorateError } from '@quorate/wire';
import type { Journal } from '../ports/journal.ts';
import { asNodeId } from '../protocol/types.ts';
import { accept, type ConformanceRunner, type JournalSubject, open } from './journal-conformance-kit.ts';

export type BreakableSubject = JournalSubject & {
  /** From now on the storage refuses every write. The journal finds out by itself, soon, when it was written to before. */
  fail(): void;
};

export function journalFailureConformance(
  name: string,
  factory: () => BreakableSubject,
  runner: ConformanceRunner = globalThis as unknown as ConformanceRunner,
): void {
  const test = (title: string, body: (subject: BreakableSubject) => Promise<void>): void => {
    runner.it(title, async () => {
      const subject = factory();
      try {
        await body(subject);
      } finally {
        await subject.destroy();
      }
    });
  };
  runner.describe(`journal conformance: failure: ${name}`, () => {
    test('tells its owner of a failure between two appends', async (subject) => {
      const first = await open(subject);
      const news = listenTo(first.journal);
      await first.append(accept(1, 1, 'a'));
      subject.fail();
      assert.equal((await news.first).code, 'JOURNAL_IO');
      await closeBroken(first.journal);
    });

    test('tells its owner of a failed append as well, once, and whoever asks later', async (subject) => {
      const first = await open(subject);
      const news = listenTo(first.journal);
      subject.fail();
      const [one, other] = await Promise.all([
        first.append(accept(1, 1, 'a')),
        first.append(accept(2, 1, 'b')),
      ]);
      assert.deepEqual([one?.code, other?.code], ['JOURNAL_IO', 'JOURNAL_IO']);
      const heard = await news.first;
      assert.equal(heard, one);
      assert.throws(() => first.journal.rememberPeer(PEER), { code: 'JOURNAL_IO' });
      assert.equal((await first.append(accept(3, 1, 'c')))?.code, 'JOURNAL_IO');
      assert.equal(news.count(), 1);
      assert.equal(await listenTo(first.journal).first, heard);
      await closeBroken(first.journal);
    });
  });
}

const PEER = { node: asNodeId(3), storageId: 'c'.repeat(32), incarnation: 1, processNonce: 'p' };

function listenTo(journal: Journal): { readonly first: Promise<QuorateError>; count(): number } {
  let count = 0;
  const first = new Promise<QuorateError>((resolve) => {
    let isInside = true;
    journal.onFailure((error) => {
      assert.equal(isInside, false, 'it was told inside the call');
      count += 1;
      resolve(error);
    });
    isInside = false;
  });
  return { first, count: () => count };
}

/** Whatever it says: that is known by then. */
async function closeBroken(journal: Journal): Promise<void> {
  await journal.close().catch(() => undefined);
}
