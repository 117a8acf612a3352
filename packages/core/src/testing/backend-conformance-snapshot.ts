/**
 * Rules about snapshots: consistent while work goes on, complete, and restored all or nothing.
 */
import assert from 'node:assert/strict';
import type { SystemRecord } from '../ports/backend.ts';
import { asSlot } from '../protocol/types.ts';
import { assertEqualStores } from './backend-conformance-apply.ts';
import { type Bench, plain, type StoreRun, streamOf, type TakenSnapshot } from './backend-conformance-kit.ts';
import type { BackendRule } from './backend-conformance-rule.ts';

const MAX_CHUNK_BYTES = 1024 * 1024;

export const SNAPSHOT_RULES: readonly BackendRule[] = [
  {
    name: 'SNAPSHOT-ROUND-TRIP',
    claim: 'a restored store has mark, last results, digest and answers of the first, and goes on like it',
    async check(bench) {
      const [source, target] = [await bench.open(), await bench.open()];
      await fill(bench, source);
      const last = source.batchOf((await bench.writes(source, 6)).map((input) => source.bytesOf(input)));
      const results = plain(await source.applyBatch(last));
      const image = await target.restore(await source.snapshot());
      assert.deepEqual(image.mark, source.mark);
      assert.deepEqual(plain(image.lastResults), results, 'the last results');
      assert.deepEqual(plain(await target.backend.apply(last)), results, 'the last slot, delivered again');
      await assertEqualStores(source, target);
      const reads = bench.reads(source);
      assert.deepEqual(await target.answers(reads), await source.answers(reads));
      for (let slot = 0; slot < 5; slot++) {
        const writes = await bench.writes(source, 8);
        assert.deepEqual(await target.apply(writes), await source.apply(writes), 'results after the restore');
      }
      await assertEqualStores(source, target);
    },
  },
  {
    name: 'SNAPSHOT-OF-NOTHING',
    claim: 'an empty store has a snapshot too, and restoring it empties the other',
    async check(bench) {
      const [empty, target] = [await bench.open(), await bench.open()];
      await fill(bench, target);
      const image = await target.backend.restore({
        slot: asSlot(0),
        chunks: streamOf((await empty.snapshot()).chunks),
      });
      assert.equal(image.mark, undefined);
      await assertEqualStores(empty, target);
    },
  },
  {
    name: 'SNAPSHOT-WHILE-APPLYING',
    claim: 'what is applied while the chunks are read is not in the snapshot',
    async check(bench) {
      const [source, target, late] = [await bench.open(), await bench.open(), await bench.open()];
      await fill(bench, source);
      const { slot } = source.mark;
      const before = await source.backend.digest();
      const snapshot = await source.backend.snapshot();
      await source.apply(await bench.writes(source, 20));
      const second = await source.backend.snapshot();
      const afterwards = await source.backend.digest();
      const chunks: Uint8Array[] = [];
      for await (const chunk of snapshot.chunks) {
        assert.ok(chunk.length <= MAX_CHUNK_BYTES, `a chunk of ${chunk.length} bytes`);
        chunks.push(chunk.slice());
        await source.apply(await bench.writes(source, 20));
      }
      await snapshot.release();
      await target.restore({ slot, chunks });
      assert.equal(
        await target.backend.digest(),
        before,
        'digest of the restored store and of the source at that slot',
      );
      await late.backend.restore({ slot: second.slot, chunks: second.chunks });
      await second.release();
      assert.equal(await late.backend.digest(), afterwards, 'the second of two snapshots at the same time');
    },
  },
  {
    name: 'SNAPSHOT-GIVEN-UP',
    claim: 'a snapshot may be released unread or half read, more than once',
    async check(bench) {
      const [run, twin] = [await bench.open(), await bench.open()];
      const writes = await bench.writes(run, 30);
      await run.apply(writes);
      await twin.apply(writes);
      const unread = await run.backend.snapshot();
      const halfRead = await run.backend.snapshot();
      await halfRead.chunks[Symbol.asyncIterator]().next();
      for (const snapshot of [unread, halfRead, unread]) await snapshot.release();
      const more = await bench.writes(run, 10);
      assert.deepEqual(await run.apply(more), await twin.apply(more));
      await assertEqualStores(run, twin);
    },
  },
  {
    name: 'DIGEST-IGNORES-HISTORY',
    claim: 'a store that was restored half-way has the same digest as one that saw everything',
    async check(bench) {
      const whole = await bench.open();
      let current = await bench.open();
      for (let slot = 0; slot < 6; slot++) {
        const writes = await bench.writes(whole, 10);
        await whole.apply(writes);
        await current.apply(writes);
        const next = await bench.open();
        await fill(bench, next);
        await next.restore(await current.snapshot());
        current = next;
        await assertEqualStores(whole, current);
      }
    },
  },
  {
    name: 'RECORDS-KEPT',
    claim: 'system records come back from a snapshot as they were last written, deleted ones do not',
    async check(bench) {
      const [source, target] = [await bench.open(), await bench.open()];
      const value = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
      await source.apply(await bench.writes(source, 3), {
        records: [record('a', value('1')), record('b', value('2'))],
      });
      await source.apply([], { records: [record('c', value('')), record('b', null), record('never', null)] });
      await source.apply(await bench.writes(source, 3), {
        records: [record('a', value('3')), record('d/e', value('\0\xff'))],
      });
      const image = await target.restore(await source.snapshot());
      assert.deepEqual(
        shown(image.records),
        shown([record('a', value('3')), record('c', value('')), record('d/e', value('\0\xff'))]),
      );
    },
  },
  {
    name: 'RESTORE-ALL-OR-NOTHING',
    claim: 'a broken, cut or damaged snapshot changes nothing, and the next attempt can succeed',
    async check(bench) {
      const [source, target] = [await bench.open(), await bench.open()];
      await fill(bench, source);
      await target.apply(await bench.writes(target, 12));
      const good = await source.snapshot();
      for (const [what, chunks] of brokenStreams(bench, good))
        await assertUntouched(target, good.slot, chunks, what);
      await assertUntouched(target, good.slot + 1, streamOf(good.chunks), 'the wrong slot');
      await target.apply(await bench.writes(target, 3));
      await target.restore(good);
      await assertEqualStores(source, target);
    },
  },
];

const FILL_SLOTS = 8;

/** A state of some size. */
async function fill(bench: Bench, run: StoreRun): Promise<void> {
  for (let slot = 0; slot < FILL_SLOTS; slot++) await run.apply(await bench.writes(run, 20));
}

export function record(key: string, value: Uint8Array | null): SystemRecord {
  return { key, value };
}

export function shown(records: readonly SystemRecord[]): string[] {
  return records
    .map(({ key, value }) => `${key}=${value === null ? 'deleted' : Buffer.from(value).toString('hex')}`)
    .sort();
}

function* brokenStreams(
  { random }: Bench,
  good: TakenSnapshot,
): Generator<readonly [string, AsyncIterable<Uint8Array>]> {
  const whole = Buffer.concat(good.chunks);
  yield ['a stream that fails', failing(whole.subarray(0, whole.length >> 1))];
  yield ['a stream that fails at its end', failing(whole)];
  yield ['no chunks', streamOf([])];
  yield ['a byte too many', streamOf([whole, Uint8Array.of(0)])];
  for (let count = 0; count < 20; count++) {
    const length = random.below(whole.length);
    yield [`only ${length} of ${whole.length} bytes`, streamOf([whole.subarray(0, length)])];
    const bit = random.below(whole.length * 8);
    const damaged = Uint8Array.from(whole);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield [`bit ${bit} of ${whole.length} bytes turned`, streamOf([damaged])];
  }
}

async function* failing(start: Uint8Array): AsyncGenerator<Uint8Array> {
  yield start;
  throw new Error('the connection broke');
}

async function assertUntouched(
  run: StoreRun,
  slot: number,
  chunks: AsyncIterable<Uint8Array>,
  what: string,
): Promise<void> {
  const before = await run.backend.digest();
  await assert.rejects(
    run.backend.restore({ slot: asSlot(slot), chunks }),
    Error,
    `${what} was taken for a snapshot`,
  );
  assert.equal(await run.backend.digest(), before, `${what} changed the store`);
}
