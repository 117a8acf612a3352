/** The digest of the applied history tells any two histories apart, and is the same wherever it is computed. */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { asSlot, NOOP, type Value } from '#src/protocol/types.ts';
import { chainDigest, GENESIS_DIGEST } from '#src/runtime/digest-chain.ts';

const batch = (stampMs: number, bytes: Uint8Array): Value => ({ kind: 'batch', stampMs, bytes });

function digestOf(values: readonly Value[]): string {
  return values.reduce(
    (digest, value, index) => chainDigest(digest, asSlot(index + 1), value, crc32),
    GENESIS_DIGEST,
  );
}

const value = fc.oneof(
  fc.constant(NOOP),
  fc
    .tuple(fc.nat(3), fc.uint8Array({ minLength: 1, maxLength: 40 }))
    .map(([stamp, bytes]) => batch(stamp, bytes)),
);

describe('digest chain', () => {
  it("never changes its format: these digests are stored beside the users' data", () => {
    const text = new TextEncoder().encode('the quick brown fox jumps over the lazy dog');
    assert.deepEqual(
      [
        digestOf([]),
        digestOf([NOOP]),
        digestOf([batch(1_700_000_000_000, text)]),
        digestOf([NOOP, batch(7, text), NOOP]),
      ],
      ['0000000000000000', '3bb220bbf7c189e3', '5a15d919cf4c24c4', '0525ff6bd2bbbd84'],
    );
  });

  it('differs for different histories of the same length', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 8 }),
        fc.array(value, { minLength: 1, maxLength: 8 }),
        (left, right) => {
          const isSame = JSON.stringify(left) === JSON.stringify(right);
          assert.equal(digestOf(left) === digestOf(right), isSame);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('differs in both lanes, for ever, after any single bit of a value changed', () => {
    const bytes = Uint8Array.from({ length: 37 }, (_, index) => (index * 41) & 0xff);
    const after = [NOOP, batch(2, Uint8Array.of(1, 2, 3)), NOOP];
    const clean = digestOf([batch(1, bytes), ...after]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const digest = digestOf([batch(1, damaged), ...after]);
      assert.notEqual(digest.slice(0, 8), clean.slice(0, 8), `lane one, bit ${bit}`);
      assert.notEqual(digest.slice(8), clean.slice(8), `lane two, bit ${bit}`);
    }
  });

  it('tells slot, kind, stamp and history apart when the bytes are the same', () => {
    const one = batch(1, Uint8Array.of(1));
    const digests = [
      chainDigest(GENESIS_DIGEST, asSlot(1), one, crc32),
      chainDigest(GENESIS_DIGEST, asSlot(2), one, crc32),
      chainDigest(GENESIS_DIGEST, asSlot(1), batch(2, Uint8Array.of(1)), crc32),
      chainDigest(GENESIS_DIGEST, asSlot(1), NOOP, crc32),
      chainDigest('0000000000000001', asSlot(1), one, crc32),
      chainDigest('0000000100000000', asSlot(1), one, crc32),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });
});
