/** A store whose mark contradicts the log of its node is fenced at the start; one that cannot be checked is not. */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { Journal } from '#src/ports/journal.ts';
import { asNodeId, asSlot, type ChosenEntry, type Value } from '#src/protocol/types.ts';
import { chainDigest, GENESIS_DIGEST } from '#src/runtime/digest-chain.ts';
import { MarkCheck } from '#src/runtime/mark-check.ts';
import { VirtualClock } from './cluster.ts';

/** Two and a half pages of the check. */
const VALUE_BYTES = 256 * 1024;
const SLOTS = 10;

const entries: ChosenEntry[] = Array.from({ length: SLOTS }, (_, index) => {
  const value: Value = { kind: 'batch', stampMs: index, bytes: new Uint8Array(VALUE_BYTES).fill(index) };
  return { slot: asSlot(index + 1), ballot: { round: 1, node: asNodeId(1) }, value };
});
/** By slot. */
const digests = entries.reduce<string[]>(
  (chain, { slot, value }) => [...chain, chainDigest(chain.at(-1) ?? '', slot, value, crc32)],
  [GENESIS_DIGEST],
);

describe('the mark of a store', () => {
  it('is believed at every slot where it is what the log says', () => {
    for (let slot = 0; slot <= SLOTS; slot++)
      assert.deepEqual(said(entries, slot, digests[slot] ?? ''), [], `slot ${slot}`);
  });

  it('fences the store at every slot where it is not, also behind the first page', () => {
    for (let slot = 1; slot <= SLOTS; slot++) {
      const [detail = 'nothing', ...more] = said(entries, slot, 'f'.repeat(16));
      assert.match(
        detail,
        new RegExp(
          `its digest at slot ${slot} is f{16}, and the log of this node gives ${digests[slot]}; .* Give this node an empty store`,
        ),
      );
      assert.deepEqual(more, []);
    }
  });

  it('is not checked beyond what the journal holds', () => {
    assert.deepEqual(said(entries.slice(0, 6), 7, 'f'.repeat(16)), []);
    assert.deepEqual(said([], 1, 'f'.repeat(16)), []);
  });

  it('ends the node when the journal cannot be read, and nothing is asked of it after the end of the node', () => {
    const clock = new VirtualClock();
    let reads = 0;
    const failure = new Error('the journal cannot be read');
    const failures: unknown[] = [];
    const check = checkOf(clock, {
      read: (fromSlot) => {
        reads += 1;
        if (reads > 1) throw failure;
        return entries.slice(fromSlot - 1, fromSlot);
      },
      guard: (work) => {
        try {
          work();
        } catch (error) {
          failures.push(error);
        }
      },
    });
    check.begin({ slot: SLOTS, digest: 'f'.repeat(16) });
    clock.step();
    clock.step();
    assert.deepEqual([reads, failures], [2, [failure]]);
    reads = 0;
    check.begin({ slot: SLOTS, digest: 'f'.repeat(16) });
    check.stop();
    clock.step();
    clock.step();
    assert.equal(reads, 1);
  });
});

/** What the check of this mark complains about. */
function said(held: readonly ChosenEntry[], slot: number, digest: string): string[] {
  const clock = new VirtualClock();
  const complaints: string[] = [];
  const check = checkOf(clock, {
    read: (fromSlot, untilSlot, maxBytes) => {
      const there = held.filter((entry) => entry.slot >= fromSlot && entry.slot < untilSlot);
      return there.slice(0, Math.max(1, Math.floor(maxBytes / VALUE_BYTES)));
    },
    complain: (detail) => complaints.push(detail),
    guard: (work) => work(),
  });
  check.begin({ slot, digest });
  for (let step = 0; step < SLOTS; step++) clock.step();
  return complaints;
}

function checkOf(
  clock: VirtualClock,
  parts: {
    readonly read: Journal['readEntries'];
    readonly guard: (work: () => void) => void;
    readonly complain?: (detail: string) => void;
  },
): MarkCheck {
  return new MarkCheck({
    journal: { readEntries: parts.read } as Journal,
    clock,
    checksum: crc32,
    onContradiction: parts.complain ?? ((detail) => assert.fail(detail)),
    guard: parts.guard,
  });
}
