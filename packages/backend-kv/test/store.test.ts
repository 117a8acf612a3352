/** An image of the store shows one moment, however the store changes while it is read, and in one order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { KeyValueStore, type StoreImage } from '#src/key-value-store.ts';

/** Everything that is left to read, as `key=value`. */
function rest(image: StoreImage): string[] {
  const lines: string[] = [];
  for (let shard = image.nextShard(); shard !== undefined; shard = image.nextShard()) {
    for (const [key, value] of shard.entries) lines.push(`${key}=${String(value)}`);
  }
  return lines;
}

const change = fc.record({
  key: fc.nat(40).map(String),
  value: fc.option(fc.nat(1000).map(String), { nil: undefined }),
});

function make(store: KeyValueStore, { key, value }: { key: string; value: string | undefined }): void {
  if (value === undefined) store.delete(key);
  else store.set(key, value);
}

describe('key-value store', () => {
  it('gives images that stay as they were while changes go on between their shards', () => {
    fc.assert(
      fc.property(
        fc.array(change),
        fc.array(fc.tuple(fc.constantFrom('image', 'read', 'change'), change)),
        (before, steps) => {
          const store = new KeyValueStore();
          const images: { image: StoreImage; expected: string[]; read: string[] }[] = [];
          for (const one of before) make(store, one);
          for (const [kind, one] of steps) {
            if (kind === 'change') make(store, one);
            else if (kind === 'image') {
              const fresh = store.image();
              const expected = rest(store.image());
              images.push({ image: fresh, expected, read: [] });
            } else {
              for (const { image, read } of images) {
                for (const [key, value] of image.nextShard()?.entries ?? [])
                  read.push(`${key}=${String(value)}`);
              }
            }
          }
          for (const { image, expected, read } of images) {
            assert.deepEqual([...read, ...rest(image)], expected);
            image.release();
            assert.deepEqual(rest(image), []);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives the same sequence for the same content, whatever the history', () => {
    // Longer than any of the keys, so none of them.
    const passing = (key: string): string => `${key}${'!'.repeat(13)}`;
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'binary-ascii', maxLength: 12 })),
        fc.infiniteStream(fc.nat(1000)),
        (keys, order) => {
          const [one, other] = [new KeyValueStore(), new KeyValueStore()];
          for (const key of keys) one.set(key, `v${key}`);
          const ranks = new Map(keys.map((key) => [key, order.next().value as number]));
          for (const key of [...keys].sort(
            (left, right) => (ranks.get(left) ?? 0) - (ranks.get(right) ?? 0),
          )) {
            other.set(passing(key), 'gone');
            other.set(key, 'old');
            other.set(key, `v${key}`);
          }
          for (const key of keys) other.delete(passing(key));
          assert.deepEqual(rest(other.image()), rest(one.image()));
          assert.equal(other.size, keys.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives the same sequence when many keys share a shard, whichever came first', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `key ${index}`);
    const [one, other] = [new KeyValueStore(), new KeyValueStore()];
    for (const key of keys) one.set(key, 'same');
    for (const key of keys.toReversed()) other.set(key, 'same');
    assert.deepEqual(rest(other.image()), rest(one.image()));
  });
});
