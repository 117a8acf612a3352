/** Replies as bytes of a Result, and for people. */
import assert from 'node:assert/strict';
import { decodeReply, formatReply, type RedisReply } from '@quorate/backend-redis';
import fc from 'fast-check';
import { type Packable, pack, unpack } from '#src/reply/msgpack.ts';
import { encodeReply, resultOf } from '#src/reply/redis-reply.ts';

const leaf: fc.Arbitrary<RedisReply> = fc.oneof(
  fc.constant<RedisReply>({ kind: 'nil' }),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value): RedisReply => ({ kind: 'integer', digits: String(value) })),
  fc.uint8Array().map((bytes): RedisReply => ({ kind: 'bytes', bytes })),
  fc.constantFrom('OK', 'QUEUED').map((text): RedisReply => ({ kind: 'status', text })),
  fc.constant<RedisReply>({ kind: 'error', text: 'ERR no' }),
);
const reply: fc.Arbitrary<RedisReply> = fc.oneof(
  leaf,
  fc
    .array(
      fc.oneof(
        leaf,
        fc.array(leaf).map((items): RedisReply => ({ kind: 'list', items })),
      ),
    )
    .map((items): RedisReply => ({ kind: 'list', items })),
);

describe('Redis replies', () => {
  it('every reply survives being a value', () => {
    fc.assert(
      fc.property(reply, (each) => assert.deepEqual(normal(decodeReply(encodeReply(each))), normal(each))),
    );
  });

  it('bytes that are no reply are refused, never endless', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeReply(bytes);
        } catch (error) {
          assert.match(String(error), /WIRE_MALFORMED|malformed/);
        }
      }),
    );
  });

  it('what is packed comes out again, at all lengths', () => {
    const sizes = [0, 1, 31, 32, 255, 256, 65_535, 65_536];
    const values: Packable[] = sizes.map((size) => new Uint8Array(size).fill(7));
    for (const value of [...values, values, Array.from({ length: 70_000 }, () => false as const)])
      assert.deepEqual(unpack(pack(value)), value);
  });

  it('an error is a refusal with its first word as code, nil has no value', () => {
    assert.deepEqual(resultOf({ kind: 'error', text: 'WRONGTYPE no list' }), {
      ok: false,
      code: 'WRONGTYPE',
      message: 'no list',
    });
    assert.deepEqual(resultOf({ kind: 'error', text: 'something odd' }), {
      ok: false,
      code: 'ERR',
      message: 'something odd',
    });
    assert.deepEqual(resultOf({ kind: 'nil' }), { ok: true, value: null });
  });

  it('people see what redis-cli would show them', () => {
    const text = (value: string): RedisReply => ({ kind: 'bytes', bytes: new TextEncoder().encode(value) });
    const nested: RedisReply = {
      kind: 'list',
      items: [
        { kind: 'integer', digits: '1' },
        { kind: 'list', items: [text('a'), { kind: 'nil' }] },
        { kind: 'list', items: [] },
      ],
    };
    assert.equal(
      formatReply(encodeReply(nested)),
      '1) (integer) 1\n2) 1) "a"\n   2) (nil)\n3) (empty array)',
    );
    assert.equal(formatReply(encodeReply(text('say "hi"\n'))), '"say \\"hi\\"\\n"');
    assert.equal(formatReply(encodeReply({ kind: 'status', text: 'OK' })), 'OK');
  });
});

/** Buffers and arrays of bytes compare alike. */
function normal(each: RedisReply): unknown {
  if (each.kind === 'bytes') return Buffer.from(each.bytes).toString('hex');
  return each.kind === 'list' ? each.items.map(normal) : each;
}
