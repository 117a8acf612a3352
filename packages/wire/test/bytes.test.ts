/** Cursors read back what they wrote, never read past an end, and speak UTF-8 as the platform does. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8, equalBytes } from '#src/bytes.ts';
import { QuorateError } from '#src/errors.ts';

const malformed = (error: unknown): boolean =>
  error instanceof QuorateError && error.code === 'WIRE_MALFORMED';

describe('byte cursors', () => {
  it('read back every kind of field in order', () => {
    const fields = fc.record({
      u8: fc.integer({ min: 0, max: 255 }),
      u16: fc.integer({ min: 0, max: 65_535 }),
      u32: fc.integer({ min: 0, max: 0xffff_ffff }),
      integer: fc.maxSafeNat(),
      block: fc.uint8Array({ maxLength: 300 }),
      text: fc.string({ unit: 'binary', maxLength: 50 }),
    });
    fc.assert(
      fc.property(fields, ({ u8, u16, u32, integer, block, text }) => {
        const out = new ByteWriter(1);
        out.u8(u8);
        out.u16(u16);
        out.u32(u32);
        out.integer(integer);
        out.block(block);
        out.text(text);
        const reader = new ByteReader(out.bytes());
        assert.deepEqual(
          [reader.u8(), reader.u16(), reader.u32(), reader.integer()],
          [u8, u16, u32, integer],
        );
        assert.ok(equalBytes(reader.block(), block));
        assert.equal(reader.text(), text);
        reader.end();
      }),
    );
  });

  it('show what was written, as a copy or as it is', () => {
    const out = new ByteWriter(1);
    out.u32(0x01020304);
    const copy = out.bytes();
    assert.deepEqual(out.view(), copy);
    out.patchU32(0, 0x05060708);
    assert.deepEqual([...out.view()], [8, 7, 6, 5]);
    assert.deepEqual([...copy], [4, 3, 2, 1]);
    out.reset();
    assert.equal(out.view().length, 0);
  });

  it('refuse to read past the end, and say so as malformed input', () => {
    for (const read of [
      (reader: ByteReader) => reader.u8(),
      (reader: ByteReader) => reader.u16(),
      (reader: ByteReader) => reader.u32(),
      (reader: ByteReader) => reader.integer(),
      (reader: ByteReader) => reader.raw(1),
    ]) {
      assert.throws(() => read(new ByteReader(new Uint8Array(0))), malformed);
    }
    assert.throws(() => new ByteReader(Uint8Array.of(255, 255, 255, 255)).block(), malformed);
    assert.throws(() => new ByteReader(Uint8Array.of(0)).end(), malformed);
  });

  it('refuse numbers that are not whole, not safe, negative, or zero with a sign', () => {
    for (const wrong of [0.5, -1, -0, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, wrong, true);
      assert.throws(() => new ByteReader(bytes).integer(), malformed);
    }
    assert.throws(() => new ByteWriter().integer(0.5), QuorateError);
  });
});

describe('UTF-8', () => {
  it('is encoded as the platform encodes it, lone surrogates included', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }), (units) => {
        const text = String.fromCharCode(...units);
        assert.deepEqual([...encodeUtf8(text)], [...new TextEncoder().encode(text)]);
      }),
    );
  });

  it('is decoded back to the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(decodeUtf8(encodeUtf8(text)), text)),
    );
  });

  it('takes any bytes without throwing, and keeps what is valid in them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = decodeUtf8(bytes);
        assert.equal(decodeUtf8(encodeUtf8(text)), text);
      }),
    );
    assert.equal(decodeUtf8(Uint8Array.of(0x61, 0xff, 0x62)), 'a\ufffdb');
  });
});
