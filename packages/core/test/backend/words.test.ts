/** The text form of commands: what is typed becomes bytes, and bytes become something that can be typed. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatValue, quoteWord, splitWords } from '#src/ports/words.ts';

/** Words as latin1 text, or the error with its position. */
function words(text: string): string[] | string {
  const split = splitWords(text);
  return split.ok
    ? split.words.map((word) => Buffer.from(word).toString('latin1'))
    : `${split.error} @${split.position}`;
}

describe('words', () => {
  it('are separated by white space and may be quoted', () => {
    assert.deepEqual(words(''), []);
    assert.deepEqual(words(' \t\n'), []);
    assert.deepEqual(words('SET key value'), ['SET', 'key', 'value']);
    assert.deepEqual(words('  a\t\tb\n'), ['a', 'b']);
    assert.deepEqual(words('"a b" \'c d\' ""'), ['a b', 'c d', '']);
    assert.deepEqual(words('"\\n\\r\\t\\"\\\\\\x00\\xFf"'), ['\n\r\t"\\\0\xff']);
    assert.deepEqual(words("'\\n'"), ['\\n']);
    assert.deepEqual(words('it\'s {"a":1} back\\slash'), ["it's", '{"a":1}', 'back\\slash']);
    assert.deepEqual(words('é'), ['\xc3\xa9']);
  });

  it('are refused with the place of the mistake', () => {
    assert.equal(words('SET "open'), 'the closing double quote is missing @4');
    assert.equal(words("SET 'open"), 'the closing single quote is missing @4');
    assert.equal(words('"a"b'), 'a space is missing after the closing quote @3');
    assert.match(words('a "\\q"') as string, /^after a backslash .* @3$/);
    assert.match(words('a "\\x1"') as string, /^after a backslash .* @3$/);
    assert.match(words('a "\\') as string, /@3$/);
  });

  it('are as many as a list of arguments holds', () => {
    const most = 'a '.repeat(65_535);
    assert.equal(splitWords(most).ok, true);
    assert.equal(words(`${most}b`), 'these are more than 65535 words @131070');
  });

  it('take a time that grows with the length alone, escapes included', () => {
    const startMs = performance.now();
    const split = splitWords(`"${'\\n'.repeat(1024 * 1024)}"`);
    assert.ok(split.ok && split.words[0]?.length === 1024 * 1024);
    assert.ok(performance.now() - startMs < 2000);
  });

  it('come back from their quoted form as the same bytes', () => {
    const word = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Uint8Array.from(Buffer.from(text))),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (list) => {
        const line = list.map(quoteWord).join(' ');
        assert.doesNotMatch(line, /\p{Cc}/u);
        assert.deepEqual(
          words(line),
          list.map((one) => Buffer.from(one).toString('latin1')),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('never throw, whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', "'", '\\', 'x', '0', 'n', ' ', 'é', '\ud800') }),
        (text) => {
          const split = splitWords(text);
          if (!split.ok) assert.ok(split.position >= 0 && split.position <= text.length);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('values for people', () => {
  const shown = (text: string): string => formatValue(Buffer.from(text, 'latin1'));

  it('are clean text as it is, and everything else quoted', () => {
    assert.equal(shown('the value'), 'the value');
    assert.equal(shown('{"a": "b\\c"}'), '{"a": "b\\c"}');
    assert.equal(shown('\xc3\xa9'), 'é');
    assert.equal(shown(''), '""');
    assert.equal(shown('two\nlines'), '"two\\nlines"');
    assert.equal(shown('\x1b[31mred'), '"\\x1b[31mred"');
    assert.equal(shown('\xff "\\'), '"\\xff \\"\\\\"');
    assert.equal(formatValue(Buffer.from('é\u202e')), '"é\\xe2\\x80\\xae"');
  });
});
