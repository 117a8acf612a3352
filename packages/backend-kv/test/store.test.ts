/**
 * The store holds what a Map would, whatever is moved around in its memory; an image of it shows one moment, however the
 * store changes while it is read, and in one order.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EntryArena } from '#src/entry-arena.ts';
import { KeyValueStore, type StoreImage } from '#src/key-value-store.ts';

/** Everything that is left to read, as `key=value`. */
function rest(image: StoreImage): string[] {
  const lines: string[] = [];
  for (let shard = image.nextShard(); shard !== undefined; shard = image.nextShard()) {
    for (const [key, value] of shard.entries) lines.push(`${key}=${textOf(value)}`);
  }
  return lines;
}

const textOf = (value: Uint8Array): string => Buffer.from(value).toString('latin1');

function put(store: KeyValueStore, key: string, value: string): void {
  const bytes = Buffer.from(`?${key}${value}`, 'latin1');
  store.set(bytes, 1, 1 + key.length, 1 + key.length, bytes.length);
}

function remove(store: KeyValueStore, key: string): string | undefined {
  const old = store.delete(Buffer.from(key, 'latin1'), 0, key.length);
  return old === undefined ? undefined : textOf(old);
}

function read(store: KeyValueStore, key: string): string | undefined {
  const value = store.get(Buffer.from(key, 'latin1'), 0, key.length);
  return value === undefined ? undefined : textOf(value);
}

const change = fc.record({
  key: fc.nat(40).map(String),
  value: fc.option(fc.nat(1000).map(String), { nil: undefined }),
});

function make(store: KeyValueStore, { key, value }: { key: string; value: string | undefined }): void {
  if (value === undefined) remove(store, key);
  else put(store, key, value);
}

const step = fc.record({
  kind: fc.constantFrom('set' as const, 'set' as const, 'get' as const, 'delete' as const),
  key: fc.nat(60).map((number) => `key ${number}`),
  length: fc.oneof(fc.nat(40), fc.nat(300), fc.constantFrom(65_536, 65_537, 70_000)),
  fill: fc.nat(255),
});

describe('key-value store', () => {
  it('answers as a Map would while chunks fill up, are compacted and are used again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const [store, model] = [new KeyValueStore(512), new Map<string, string>()];
        for (const { kind, key, length, fill } of steps) {
          if (kind === 'set') {
            const value = String.fromCharCode(fill).repeat(length);
            put(store, key, value);
            model.set(key, value);
          } else {
            assert.equal(kind === 'get' ? read(store, key) : remove(store, key), model.get(key));
            if (kind === 'delete') model.delete(key);
          }
          assert.equal(store.size, model.size);
        }
        for (const [key, value] of model) assert.equal(read(store, key), value);
        assert.deepEqual(
          rest(store.image()).sort(),
          [...model].map(([key, value]) => `${key}=${value}`).sort(),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('finds every key after its shards have grown, and none that was removed', () => {
    const store = new KeyValueStore();
    const keys = Array.from({ length: 60_000 }, (_, number) => `k${number}`);
    for (const key of keys) put(store, key, `value of ${key}`);
    for (const [index, key] of keys.entries()) if (index % 3 === 0) remove(store, key);
    for (const [index, key] of keys.entries())
      assert.equal(read(store, key), index % 3 === 0 ? undefined : `value of ${key}`);
    assert.equal(store.size, 40_000);
  });

  it('gives memory back: keys that stay do not hold the chunks of keys that come and go', () => {
    const arena = new EntryArena(4096);
    const entry = Buffer.from('keyvalue'.padEnd(120, '.'));
    const [held, chunks] = [new Set<number>(), new Set<number>()];
    for (let round = 0; round < 20_000; round++) {
      const reference = arena.add(entry, 0, 3, 3, entry.length);
      chunks.add(reference >>> 17);
      if (round % 1000 === 0) held.add(reference);
      else arena.discard(reference);
      for (let chunk = arena.takeWasteful(); chunk !== undefined; chunk = arena.takeWasteful()) {
        for (const one of [...arena.referencesIn(chunk)].filter((each) => held.delete(each)))
          held.add(arena.move(one));
        arena.release(chunk);
      }
    }
    assert.equal(held.size, 20);
    for (const one of held) assert.deepEqual(arena.valueOf(one), entry.subarray(3));
    assert.ok(chunks.size < 10, `${chunks.size} chunks were in use`);
  });

  it('gives images that stay as they were while changes go on between their shards', () => {
    fc.assert(
      fc.property(
        fc.array(change),
        fc.array(fc.tuple(fc.constantFrom('image', 'read', 'change'), change)),
        (before, steps) => {
          const store = new KeyValueStore(256);
          const images: { image: StoreImage; expected: string[]; read: string[] }[] = [];
          for (const one of before) make(store, one);
          for (const [kind, one] of steps) {
            if (kind === 'change') make(store, one);
            else if (kind === 'image') {
              const fresh = store.image();
              const expected = rest(store.image());
              images.push({ image: fresh, expected, read: [] });
            } else {
              for (const { image, read: lines } of images) {
                for (const [key, value] of image.nextShard()?.entries ?? [])
                  lines.push(`${key}=${textOf(value)}`);
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
          for (const key of keys) put(one, key, `v${key}`);
          const ranks = new Map(keys.map((key) => [key, order.next().value as number]));
          for (const key of [...keys].sort(
            (left, right) => (ranks.get(left) ?? 0) - (ranks.get(right) ?? 0),
          )) {
            put(other, passing(key), 'gone');
            put(other, key, 'old');
            put(other, key, `v${key}`);
          }
          for (const key of keys) remove(other, passing(key));
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
    for (const key of keys) put(one, key, 'same');
    for (const key of keys.toReversed()) put(other, key, 'same');
    assert.deepEqual(rest(other.image()), rest(one.image()));
  });
});
