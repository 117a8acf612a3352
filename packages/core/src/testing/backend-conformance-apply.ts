/**
 * Rules about applying: effects and mark together, the same on every node, and reads that only read.
 */
import assert from 'node:assert/strict';
import { type AppliedMark, BackendDiverged } from '../ports/backend.ts';
import { asSlot } from '../protocol/types.ts';
import { inWorld, withoutClock } from './altered-world.ts';
import { describeInput, plain, type StoreRun } from './backend-conformance-kit.ts';
import type { BackendRule } from './backend-conformance-rule.ts';

export const APPLY_RULES: readonly BackendRule[] = [
  {
    name: 'APPLY-DETERMINISTIC',
    claim: 'two stores with the same history give the same results, answers and digests',
    async check(bench) {
      const [one, other] = [await bench.open(), await bench.open()];
      for (let slot = 0; slot < 10; slot++) {
        const writes = await bench.writes(one, 8);
        assert.deepEqual(await other.apply(writes), await one.apply(writes), `results of slot ${slot + 1}`);
      }
      await assertEqualStores(one, other);
      const reads = bench.reads(one);
      assert.deepEqual(await other.answers(reads), await one.answers(reads));
    },
  },
  {
    name: 'APPLY-IN-ORDER',
    claim: 'one slot with many commands does what the same commands do in many slots',
    async check(bench) {
      const [together, apart] = [await bench.open(), await bench.open()];
      const writes = await bench.writes(together, 60);
      const sameTime = { logTimeMs: 1_700_000_000_000 };
      const results = await together.apply(writes, sameTime);
      const again =
        bench.subject.usesSlot === true ? apart.apply(writes, sameTime) : apart.applyEach(writes, sameTime);
      assert.deepEqual(await again, results);
      await assertEqualStores(together, apart);
    },
  },
  {
    name: 'APPLY-WITHOUT-CLOCK',
    claim: 'results do not depend on clock, chance, time zone or locale of the machine',
    async check(bench) {
      const [one, other] = [await bench.open(), await bench.open()];
      const writes = await bench.writes(one, 60);
      const here = { shiftMs: 0, randomFraction: 0.1, timeZone: 'UTC', locale: 'en-US' };
      const there = {
        shiftMs: 5 * 3_600_000,
        randomFraction: 0.9,
        timeZone: 'Pacific/Auckland',
        locale: 'sv-SE',
      };
      const results = await inWorld(here, () => one.apply(writes));
      assert.deepEqual(await inWorld(there, () => other.apply(writes)), results);
      await assertEqualStores(one, other);
      if (one.backend.durability === 'durable') return; // A driver may look at the clock for its own time-outs.
      const batch = one.batchOf(writes.map((input) => one.bytesOf(input)));
      await withoutClock(() => one.backend.apply(batch));
    },
  },
  {
    name: 'BYTES-ARE-BORROWED',
    claim: 'what a store keeps and what it answers do not live in the memory that the commands came in',
    async check(bench) {
      const [one, other] = [await bench.open(), await bench.open()];
      for (let slot = 0; slot < 5; slot++) {
        const memory = (await bench.writes(one, 10)).map((input) => one.bytesOf(input));
        const expected = await other.applyBatch(other.batchOf(memory.map((bytes) => bytes.slice())));
        const results = await one.applyBatch(one.batchOf(memory));
        for (const bytes of memory) bytes.fill(0xee);
        assert.deepEqual(plain(results), plain(expected), 'results after the memory was used again');
      }
      await assertEqualStores(one, other);
    },
  },
  {
    name: 'MARK-REPEATED',
    claim: 'a slot that comes again has no effect again and gives the first results',
    async check(bench) {
      const [run, once] = [await bench.open(), await bench.open()];
      for (let slot = 0; slot < 5; slot++) {
        const bytes = (await bench.writes(run, 6)).map((input) => run.bytesOf(input));
        const batch = run.batchOf(bytes);
        const first = plain(await run.applyBatch(batch));
        await once.applyBatch(once.batchOf(bytes));
        assert.deepEqual(plain(await run.backend.apply(batch)), first);
        await assertEqualStores(run, once);
      }
    },
  },
  {
    name: 'MARK-GUARDED',
    claim: 'a slot that does not follow the stored mark is refused as divergence and changes nothing',
    async check(bench) {
      const run = await bench.open();
      await run.apply(await bench.writes(run, 5));
      await run.apply(await bench.writes(run, 5));
      const before = await run.backend.digest();
      const batch = run.batchOf((await bench.writes(run, 5)).map((input) => run.bytesOf(input)));
      for (const change of foreignMarks(run.mark)) {
        const previous = { ...run.mark, ...change };
        const foreign = {
          ...batch,
          previous,
          next: { ...previous, slot: asSlot(previous.slot + 1), digest: 'abcdefabcdefabcd' },
        };
        await assertDiverged(run, foreign, JSON.stringify(change));
      }
      assert.equal(await run.backend.digest(), before, 'the refused slots changed something');
      await run.applyBatch(batch);
    },
  },
  {
    name: 'MARK-MOVES-ALONE',
    claim: 'a slot without commands moves the mark and nothing else',
    async check(bench) {
      const run = await bench.open();
      assert.deepEqual(await run.apply([]), []);
      await run.apply(await bench.writes(run, 5));
      const before = await run.backend.digest();
      for (let count = 0; count < 3; count++) assert.deepEqual(await run.apply([]), []);
      assert.equal(
        await run.backend.digest(),
        before,
        'the digest is another one after slots without commands',
      );
      await run.apply(await bench.writes(run, 5));
    },
  },
  {
    name: 'READS-ONLY-READ',
    claim: 'a query changes nothing and gives the same answer twice',
    async check(bench) {
      const run = await bench.open();
      const reads = bench.reads(run);
      for (let slot = 0; slot < 5; slot++) {
        await run.apply(await bench.writes(run, 6));
        const before = await run.backend.digest();
        const answers = await run.answers(reads);
        assert.equal(await run.backend.digest(), before, 'the reads changed the state');
        assert.deepEqual(await run.answers(reads), answers);
      }
    },
  },
  {
    name: 'DIGEST-SEES-CHANGES',
    claim: 'when an answer is another one than before, so is the digest; and some writes change it',
    async check(bench) {
      const run = await bench.open();
      let changes = 0;
      const reads = bench.reads(run);
      let [digest, answers] = [await run.backend.digest(), await run.answers(reads)];
      for (const write of await bench.writes(run, 40)) {
        await run.apply([write]);
        const [nextDigest, nextAnswers] = [await run.backend.digest(), await run.answers(reads)];
        if (JSON.stringify(nextAnswers) !== JSON.stringify(answers)) {
          const message = `${describeInput(write)} changed what the reads answer, and the digest stayed ${digest}`;
          assert.notEqual(nextDigest, digest, message);
        }
        if (nextDigest !== digest) changes += 1;
        [digest, answers] = [nextDigest, nextAnswers];
      }
      // A store that refuses every sample keeps nearly every rule.
      assert.ok(changes > 0, 'none of the sample writes changed anything; give samples that succeed');
    },
  },
  {
    name: 'FLUSH-TELLS-TRUTH',
    claim: 'flush names a slot that was applied, and 0 if nothing survives the process',
    async check(bench) {
      const run = await bench.open();
      await run.apply(await bench.writes(run, 5));
      const durable = await run.backend.flush();
      if (run.backend.durability === 'volatile') assert.equal(durable, 0);
      else
        assert.ok(
          durable <= run.mark.slot,
          `slot ${durable} is said to be durable, slot ${run.mark.slot} is the last`,
        );
      assert.equal((await run.backend.health()).ok, true);
    },
  },
];

/** Every way in which a mark can be another one. */
function foreignMarks(mark: AppliedMark): Partial<AppliedMark>[] {
  return [
    { digest: '0123456789abcdef' },
    { slot: asSlot(mark.slot + 1) },
    { slot: asSlot(mark.slot - 1) },
    { slot: asSlot(0) },
    { clusterId: 'another cluster' },
    { group: 7 },
  ];
}

async function assertDiverged(
  run: StoreRun,
  batch: Parameters<StoreRun['applyBatch']>[0],
  what: string,
): Promise<void> {
  try {
    await run.backend.apply(batch);
  } catch (error) {
    assert.ok(
      error instanceof BackendDiverged,
      `a mark with ${what} gives ${String(error)} instead of BackendDiverged`,
    );
    return;
  }
  assert.fail(`a mark with ${what} is taken`);
}

export async function assertEqualStores(one: StoreRun, other: StoreRun): Promise<void> {
  assert.equal(await other.backend.digest(), await one.backend.digest(), 'digests of equal stores');
}
