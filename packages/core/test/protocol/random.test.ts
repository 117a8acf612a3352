/**
 * The seeded generator gives the same numbers for ever, and its named streams do not disturb one another: seeds
 * of old failures and hashes of traces depend on both.
 */
import assert from 'node:assert/strict';
import { createRandom, Random, streamOf } from '#src/protocol/random.ts';

const draw = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.uint32());

describe('random', () => {
  it('is xoshiro128**: the first outputs from the state 1, 2, 3, 4, worked out by hand', () => {
    assert.deepEqual(draw(new Random([1, 2, 3, 4]), 3), [11_520, 0, 5_927_040]);
  });

  it('never changes what a seed and a name give', () => {
    assert.deepEqual(draw(createRandom(1), 3), GOLDEN.ofSeedOne);
    assert.deepEqual(draw(streamOf(2 ** 53 - 1, 'net/1>2'), 3), GOLDEN.ofHighestSeed);
    assert.deepEqual(draw(streamOf(-7, 'disk/3'), 3), GOLDEN.ofNegativeSeed);
  });

  it('seeds and names that are close give streams that are not', () => {
    const first = new Set<number>();
    let count = 0;
    for (let seed = 0; seed < 500; seed++) {
      for (const name of ['', 'a', 'b', 'aa', 'ab', 'ba']) {
        first.add(streamOf(seed, name).uint32());
        count += 1;
      }
    }
    for (const seed of [2 ** 32, 2 ** 33, 2 ** 32 + 1]) {
      first.add(createRandom(seed).uint32());
      count += 1;
    }
    assert.equal(first.size, count);
  });

  it('goes on from a state that was taken out', () => {
    const random = createRandom(5);
    draw(random, 10);
    const copy = new Random(random.state);
    assert.deepEqual(draw(copy, 20), draw(random, 20));
  });

  it('fills its ranges, ends included, and evenly', () => {
    const random = createRandom(6);
    const counts = new Array<number>(10).fill(0);
    for (let times = 0; times < 100_000; times++) {
      const index = random.between(1, 10) - 1;
      counts[index] = (counts[index] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, String(counts));
    assert.equal(random.chance(0), false);
    assert.equal(random.chance(1), true);
    assert.deepEqual(
      [...random.shuffle([1, 2, 3, 4, 5])].sort((left, right) => left - right),
      [1, 2, 3, 4, 5],
    );
    assert.ok(['x', 'y'].includes(random.pick(['x', 'y'])));
  });
});

const GOLDEN = {
  ofSeedOne: [3450951197, 1039186671, 4048466818],
  ofHighestSeed: [2545844860, 245019832, 3049187404],
  ofNegativeSeed: [1725590644, 3645479758, 418055938],
};
