/** What the conformance kit shows of commands and answers can be read, and different ones look different. */
import assert from 'node:assert/strict';
import { encodeArguments, encodeUtf8 } from '@quorate/wire';
import { describeInput, plainResult } from '#src/testing/backend-conformance-kit.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('words of the conformance kit', () => {
  for (const [value, words] of [
    [encodeUtf8('14 €\n'), 'value "14 €\\n"'],
    [bytes(), 'value ""'],
    [bytes(0, 65), 'value the bytes 0041 (hexadecimal)'],
    [bytes(0xff, 65), 'value the bytes ff41 (hexadecimal)'],
    [encodeUtf8('the bytes 0041 (hexadecimal)'), 'value "the bytes 0041 (hexadecimal)"'],
  ] as const)
    it(`shows ${words}`, () => assert.equal(plainResult({ ok: true, value }), words));

  it('shows commands as their words, and what is no command as bytes', () => {
    const input = encodeArguments([encodeUtf8('SET'), encodeUtf8('a b'), bytes(0xfe)]);
    const described = '["SET", "a b", the bytes fe (hexadecimal)]';
    assert.equal(describeInput({ form: 'arguments', bytes: input }), described);
    assert.equal(
      describeInput({ form: 'arguments', bytes: bytes(1) }),
      'arguments that cannot be read, the bytes 01 (hexadecimal)',
    );
    assert.equal(describeInput({ form: 'text', text: 'get k' }), '"get k"');
  });
});
