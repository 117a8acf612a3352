/**
 * A fingerprint is part of what lies on disks (marks of stores, snapshots): the same bytes have the same one in every
 * release, and other bytes have another one.
 */
import assert from 'node:assert/strict';
import { Fingerprinter, fingerprint } from '#src/ports/index.ts';

/** Bytes that repeat nowhere near the length of a stretch. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7 + 5) & 255);
}

/** From the first release; a change here is a change of format. */
const KNOWN: readonly (readonly [length: number, value: string])[] = [
  [0, '6e637aa2068c1aed'],
  [1, 'bff5fb2376a38f81'],
  [3, 'ad399795724941ac'],
  [4, 'f6ae41856b722124'],
  [15, '9ea1cea4ef4e3aa7'],
  [16, '64073e514a46c99c'],
  [17, '733b7e677b3dc704'],
  [31, '4266066910be7631'],
  [1023, '54d9f351c5b6b48e'],
  [1024, '55703f380d6afcea'],
  [1025, '820b3a25a1e6eb45'],
  [2048, 'cde6686da3198e9c'],
  [4099, 'a3c7e93dd3d5bf06'],
  [70_001, 'aea4dfde75e70a76'],
];

describe('fingerprint', () => {
  it('is what it was in the first release, at every length around its steps', () => {
    for (const [length, value] of KNOWN)
      assert.equal(fingerprint(pattern(length)), value, `of ${length} bytes`);
  });

  it('of several pieces is what it was, and is not that of the pieces in one', () => {
    const pieces = new Fingerprinter();
    for (const length of [5, 0, 1100]) pieces.add(pattern(length));
    assert.equal(pieces.hex(), 'af88601530625cfd');
    const whole = new Fingerprinter();
    whole.add(Uint8Array.of(...pattern(5), ...pattern(1100)));
    assert.notEqual(whole.hex(), pieces.hex());
  });

  it('does not depend on where the bytes lie in memory', () => {
    const bytes = pattern(3000);
    for (const offset of [1, 2, 3, 7]) {
      const memory = new Uint8Array(offset + bytes.length + 9).fill(255);
      memory.set(bytes, offset);
      assert.equal(fingerprint(memory.subarray(offset, offset + bytes.length)), fingerprint(bytes));
    }
  });

  it('changes with every single bit, and with every exchange of two words', () => {
    const bytes = pattern(2100);
    const seen = new Set([fingerprint(bytes)]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const mask = 1 << (bit & 7);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ mask;
      seen.add(fingerprint(bytes));
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ mask;
    }
    assert.equal(seen.size, 1 + bytes.length * 8);
    const original = fingerprint(bytes);
    for (let word = 0; word + 1 < 500; word++) {
      const swapped = bytes.slice();
      swapped.copyWithin(word * 4, (word + 1) * 4, (word + 2) * 4);
      swapped.set(bytes.subarray(word * 4, (word + 1) * 4), (word + 1) * 4);
      assert.notEqual(fingerprint(swapped), original, `words ${word} and ${word + 1}`);
    }
  });
});
