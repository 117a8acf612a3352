/**
 * Purpose: the search agrees with the definition on small histories, passes every history that is correct by
 * construction, and finds what was broken in one that was.
 */
import assert from 'node:assert/strict';
import { createRandom } from '@quorate/core/protocol';
import fc from 'fast-check';
import type { Call } from '#src/history/call.ts';
import { checkHistory, problemOf } from '#src/linearizability/check.ts';
import { ConfigurationSet } from '#src/linearizability/configuration-set.ts';
import { search } from '#src/linearizability/search.ts';
import { generateCalls, type Shape } from './generate.ts';
import { MUTATIONS } from './mutate.ts';
import { isLinearizableNaively } from './naive.ts';

const KINDS = ['register', 'counter', 'list'] as const;
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const verdictOn = (calls: readonly Call[]): string => checkHistory({ calls, faults: [] }).verdict;

const shapes = (calls: number, clients: number): fc.Arbitrary<Shape> =>
  fc.record({
    kind: fc.constantFrom(...KINDS),
    calls: fc.integer({ min: 1, max: calls }),
    clients: fc.integer({ min: 1, max: clients }),
    unknownShare: fc.constantFrom(0, 0.05, 0.3),
    refusedShare: fc.constantFrom(0, 0.1),
    values: fc.constantFrom(0, 1, 3),
  });

describe('linearizability search', function () {
  this.timeout(60_000);

  it('agrees with the definition on small histories, right and wrong', () => {
    let wrong = 0;
    fc.assert(
      fc.property(
        seeds,
        shapes(6, 4),
        fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 2 }),
        (seed, shape, exchanges) => {
          const calls = exchangeAnswers(generateCalls(createRandom(seed), shape), exchanges);
          const expected = isLinearizableNaively(calls);
          if (!expected) wrong += 1;
          assert.equal(verdictOn(calls), expected ? 'yes' : 'no');
        },
      ),
      { numRuns: 3000 },
    );
    assert.ok(wrong > 200, `only ${wrong} of the histories were wrong`);
  });

  it('passes every history that is correct by construction', () => {
    fc.assert(
      fc.property(seeds, shapes(200, 10), (seed, shape) => {
        assert.equal(verdictOn(generateCalls(createRandom(seed), shape)), 'yes');
      }),
      { numRuns: 400 },
    );
  });

  for (const [name, { kind, mutate, needsKnownEnds }] of Object.entries(MUTATIONS)) {
    it(`finds at least 99 of 100: ${name}`, () => {
      const firstSeed = Math.floor(Math.random() * 2 ** 31);
      let injected = 0;
      let found = 0;
      for (let seed = firstSeed; injected < 200; seed++) {
        assert.ok(seed < firstSeed + 2000, 'the mutation hardly ever applies');
        const random = createRandom(seed);
        const unknownShare = needsKnownEnds === true ? 0 : 0.03;
        const shape = { kind, calls: 120, clients: 5, unknownShare, refusedShare: 0.03, values: 0 };
        const broken = mutate(generateCalls(random, shape), random);
        if (broken === undefined) continue;
        injected += 1;
        if (verdictOn(broken) === 'no') found += 1;
      }
      assert.ok(found >= 0.99 * injected, `${found} of ${injected} found; first seed ${firstSeed}`);
    });
  }

  for (const kind of KINDS) {
    it(`decides 2,000 calls by 12 clients on one ${kind} within bounds`, () => {
      const shape = { kind, calls: 2000, clients: 12, unknownShare: 0.005, refusedShare: 0.01, values: 0 };
      const startedAt = performance.now();
      const result = search(problemOf('k', generateCalls(createRandom(7), shape)));
      const elapsedMs = Math.round(performance.now() - startedAt);
      process.stdout.write(`      ${kind}: ${result.configurations} configurations, ${elapsedMs} ms\n`);
      assert.equal(result.kind, 'linearizable');
    });
  }
});

describe('configuration set', () => {
  it('holds exactly what a set of texts holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), { maxLength: 3000 }),
        (sequences) => {
          const set = new ConfigurationSet();
          const model = new Set<string>();
          for (const sequence of sequences) {
            const text = sequence.join(',');
            assert.equal(set.add(Uint32Array.from(sequence), sequence.length), !model.has(text));
            model.add(text);
          }
          assert.equal(set.size, model.size);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps sequences apart whose hashes fall on the same place', () => {
    const set = new ConfigurationSet();
    for (let word = 0; word < 100_000; word++) assert.ok(set.add(Uint32Array.of(word, 7), 2));
    for (let word = 0; word < 100_000; word++) assert.ok(!set.add(Uint32Array.of(word, 7), 2));
    assert.equal(set.size, 100_000);
  });
});

/** Swaps the answers of calls by place: most of the time that makes a history wrong, sometimes it does not. */
function exchangeAnswers(calls: readonly Call[], exchanges: readonly (readonly [number, number])[]): Call[] {
  const changed = [...calls];
  for (const [left, right] of exchanges) {
    const first = changed[left];
    const second = changed[right];
    if (first?.end.kind !== 'done' || second?.end.kind !== 'done') continue;
    changed[left] = { ...first, end: { ...second.end, atUs: first.end.atUs } };
    changed[right] = { ...second, end: { ...first.end, atUs: second.end.atUs } };
  }
  return changed;
}
