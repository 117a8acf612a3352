/** Plain data goes through bytes and comes back as it was; everything else is refused with its place. */
import assert from 'node:assert/strict';
import { QuorateError } from '@quorate/wire';
import fc from 'fast-check';
import { MAX_DATA_DEPTH } from '#src/ports/plain-data.ts';
import { decodeData } from '#src/ports/plain-data-decode.ts';
import { encodeData } from '#src/ports/plain-data-encode.ts';

const primitive = fc.oneof(
  fc.constantFrom(undefined, null, true, false, -0, Number.NaN, Infinity),
  fc.double(),
  fc.integer(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', 'a\udfff', ''),
);

const { data } = fc.letrec((tie) => ({
  data: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    primitive,
    fc.uint8Array({ maxLength: 8 }),
    fc.array(tie('data'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('__proto__', 'constructor', '1', '0')),
      tie('data'),
      { maxKeys: 4 },
    ),
    fc.array(fc.tuple(primitive, tie('data')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(primitive, { maxLength: 4 }).map((members) => new Set(members)),
  ),
}));

function isArgumentError(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof QuorateError && error.code === 'ARGUMENT' && pattern.test(error.message);
}

describe('plain data', () => {
  it('comes back as it was, in both orders', () => {
    fc.assert(
      fc.property(data, fc.constantFrom('sorted' as const, 'kept' as const), (value, order) => {
        const bytes = encodeData(value, order);
        const decoded = decodeData(bytes, order);
        assert.deepStrictEqual(decoded, value);
        assert.deepEqual(encodeData(decoded, order), bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('has one spelling when sorted, whatever the order of keys', () => {
    assert.deepEqual(
      encodeData({ a: 1, b: [2], c: new Set([1, 'x']) }, 'sorted'),
      encodeData({ c: new Set(['x', 1]), b: [2], a: 1 }, 'sorted'),
    );
    assert.deepEqual(
      encodeData(
        new Map([
          [1, 'a'],
          [2, 'b'],
        ]),
        'sorted',
      ),
      encodeData(
        new Map([
          [2, 'b'],
          [1, 'a'],
        ]),
        'sorted',
      ),
    );
    assert.notDeepEqual(
      encodeData(
        new Map([
          [1, 'a'],
          [2, 'b'],
        ]),
        'kept',
      ),
      encodeData(
        new Map([
          [2, 'b'],
          [1, 'a'],
        ]),
        'kept',
      ),
    );
    const kept = decodeData(
      encodeData(
        new Map([
          ['z', 1],
          ['a', 2],
        ]),
        'kept',
      ),
      'kept',
    ) as Map<string, number>;
    assert.deepEqual([...kept.keys()], ['z', 'a']);
  });

  it('keeps objects with and without a prototype apart', () => {
    const bare = decodeData(
      encodeData(Object.assign(Object.create(null) as object, { a: 1 }), 'sorted'),
      'sorted',
    );
    assert.equal(Object.getPrototypeOf(bare), null);
    const own = decodeData(encodeData(JSON.parse('{"__proto__": {"a": 1}}'), 'sorted'), 'sorted') as object;
    assert.equal(Object.getPrototypeOf(own), Object.prototype);
    assert.deepEqual(Object.keys(own), ['__proto__']);
  });

  it('is refused with its path when it would not come back as it was', () => {
    class Money {
      readonly amount = 1;
    }
    const shared = { a: 1 };
    const refused: [unknown, RegExp][] = [
      [{ when: [new Date(0)] }, /^data\.when\[0\] is an object of class Date/],
      [{ price: new Money() }, /^data\.price is an object of class Money/],
      [{ run: () => 1 }, /^data\.run is a function/],
      [[1n], /^data\[0\] is a bigint/],
      [new Map([['k', Symbol('s')]]), /^data\.k is a symbol/],
      [new Map([[{}, 1]]), /an object as key of a Map/],
      [new Set([[1]]), /an object as key of a Map or member of a Set/],
      [[shared, shared], /^data\[1\] is an object that is also somewhere else/],
      [new Array(2), /^data\[0\] is a hole/],
      [{ [Symbol('s')]: 1 }, /symbols as keys/],
      [nested(MAX_DATA_DEPTH + 1), /nested more than 100 deep/],
    ];
    for (const [value, pattern] of refused)
      assert.throws(() => encodeData(value, 'kept'), isArgumentError(pattern));
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    assert.throws(
      () => encodeData(cycle, 'sorted'),
      isArgumentError(/^data\.self is an object that is also/),
    );
    assert.deepStrictEqual(
      decodeData(encodeData(nested(MAX_DATA_DEPTH), 'kept'), 'kept'),
      nested(MAX_DATA_DEPTH),
    );
  });

  it('decodes any bytes to data with exactly these bytes, or refuses them', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        data,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 0, maxLength: 3 }),
        fc.nat(4),
        (value, changes, cut) => {
          const bytes = encodeData(value, 'sorted');
          for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
          const damaged = bytes.subarray(0, bytes.length - cut);
          try {
            assert.deepEqual(encodeData(decodeData(damaged, 'sorted'), 'sorted'), damaged);
            accepted += 1;
          } catch (error) {
            assert.ok(error instanceof QuorateError && error.code === 'WIRE_MALFORMED', String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
    assert.ok(accepted > 100, 'some of them must still be data');
  });
});

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}
