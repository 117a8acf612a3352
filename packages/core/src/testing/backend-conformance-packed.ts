/** The rules about `applyPacked`: the short way and the long way are the same way. */
import assert from 'node:assert/strict';
import { NIL_RESULT, type Result } from '@quorate/wire';
import type { PackedBatch, ResultSink } from '../ports/backend.ts';
import { assertEqualStores } from './backend-conformance-apply.ts';
import { plain, type StoreRun } from './backend-conformance-kit.ts';
import { type BackendRule, NotChecked } from './backend-conformance-rule.ts';

export const PACKED_RULES: readonly BackendRule[] = [
  {
    name: 'PACKED-IS-APPLY',
    claim:
      'applyPacked gives the results and the state that apply gives, and keeps nothing of the bytes it was given',
    async check(bench) {
      const [packed, plainly] = [await bench.open(), await bench.open()];
      if (packed.backend.applyPacked === undefined)
        throw new NotChecked('it has no applyPacked, which is optional');
      assert.equal(packed.backend.durability, 'volatile', 'a durable store is never given packed commands');
      assert.equal(typeof packed.backend.prepare, 'undefined', 'nor is one that prepares commands');
      for (let slot = 0; slot < 10; slot++) {
        const writes = (await bench.writes(packed, slot * 5)).map((input) => packed.bytesOf(input));
        const expected = await plainly.applyBatch(plainly.batchOf(writes.map((bytes) => bytes.slice())));
        assert.deepEqual(plain(applyPacked(packed, writes)), plain(expected), `results of slot ${slot + 1}`);
      }
      await assertEqualStores(packed, plainly);
      const reads = bench.reads(packed);
      assert.deepEqual(await packed.answers(reads), await plainly.answers(reads));
    },
  },
  {
    name: 'PACKED-MARK-GUARDED',
    claim: 'applyPacked refuses a slot that does not follow the stored mark, and nothing changes',
    async check(bench) {
      const [packed, other] = [await bench.open(), await bench.open()];
      if (packed.backend.applyPacked === undefined)
        throw new NotChecked('it has no applyPacked, which is optional');
      const first = (await bench.writes(packed, 5)).map((input) => packed.bytesOf(input));
      const second = (await bench.writes(packed, 5)).map((input) => packed.bytesOf(input));
      for (const writes of [first, second]) {
        applyPacked(packed, writes);
        applyPacked(other, writes);
      }
      const { mark } = packed;
      packed.mark = { ...mark, digest: 'f'.repeat(16) };
      assert.throws(() => applyPacked(packed, first), 'a batch that leads from another mark');
      packed.mark = mark;
      await assertEqualStores(packed, other);
      applyPacked(packed, first);
      applyPacked(other, first);
      await assertEqualStores(packed, other);
    },
  },
];

/** The next slot, its commands one behind the other with something between them, in memory that is used again. */
function applyPacked(run: StoreRun, commands: readonly Uint8Array[]): Result[] {
  const { slot, logTimeMs, previous, next } = run.batchOf(commands.map((bytes) => bytes.slice()));
  const starts: number[] = [];
  const ends: number[] = [];
  const memory: number[] = [];
  for (const bytes of commands) {
    memory.push(0xee);
    starts.push(memory.length);
    for (const byte of bytes) memory.push(byte);
    ends.push(memory.length);
  }
  // What lies behind the last command means nothing.
  starts.push(memory.length + 100);
  ends.push(memory.length + 200);
  const bytes = Uint8Array.from([...memory, 0xee]);
  const batch: PackedBatch = { slot, logTimeMs, previous, next, bytes, count: commands.length, starts, ends };
  const results: Result[] = [];
  const sink: ResultSink = {
    value: (source, start, end) => void results.push({ ok: true, value: source.slice(start, end) }),
    nil: () => void results.push(NIL_RESULT),
    refused: (code, message) => void results.push({ ok: false, code, message }),
  };
  run.backend.applyPacked?.(batch, sink);
  assert.equal(results.length, commands.length, `${results.length} results for ${commands.length} commands`);
  bytes.fill(0xee);
  run.mark = next;
  return results;
}
