/** Commands: what people type, what programs send, and what they are told when it is wrong. */
import assert from 'node:assert/strict';
import {
  createBackend,
  isKvCommand,
  kvCommand,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  USAGE,
  verbOf,
} from '@quorate/backend-kv';
import { decodeArguments, encodeArguments, encodeUtf8 } from '@quorate/wire';
import fc from 'fast-check';

const backend = createBackend();
const text = (line: string): string => {
  const parsed = backend.parse({ form: 'text', text: line });
  return parsed.ok
    ? `${parsed.access} ${decodeArguments(parsed.command).map(String).join('|')}`
    : parsed.error;
};
const bytesOf = (word: string): string => [...encodeUtf8(word)].join(',');

describe('key-value commands', () => {
  it('read the text form in any case, with quotes', () => {
    assert.equal(text('set a b'), `write ${bytesOf('SET')}|97|98`);
    assert.equal(text('  Get "a b" '), `read ${bytesOf('GET')}|${bytesOf('a b')}`);
    assert.equal(text("dEL '\\x'"), `write ${bytesOf('DEL')}|${bytesOf('\\x')}`);
    assert.equal(text('SET k "\\x00\\xff"'), `write ${bytesOf('SET')}|107|0,255`);
  });

  it('explain what is wrong, with the usage of all three', () => {
    assert.equal(text(''), `no command\n${USAGE}`);
    assert.equal(text('FLUSHALL now'), `unknown command "FLUSHALL"\n${USAGE}`);
    assert.equal(text('SET k'), `SET takes a key and a value; 1 argument was given\n${USAGE}`);
    assert.equal(text('GET'), `GET takes one key; 0 arguments were given\n${USAGE}`);
    assert.equal(text('DEL a b c'), `DEL takes one key; 3 arguments were given\n${USAGE}`);
    assert.equal(text('SET k "v'), `the closing double quote is missing, at character 7\n${USAGE}`);
  });

  it('have keys and values up to their limits and not beyond', () => {
    const long = {
      form: 'arguments',
      bytes: encodeArguments([encodeUtf8('GET'), new Uint8Array(MAX_KEY_BYTES + 1)]),
    } as const;
    assert.deepEqual(backend.parse(long), {
      ok: false,
      error: 'a key of 65537 bytes is over the limit of 65536',
    });
    assert.equal(backend.admit(long.bytes), undefined);
    assert.throws(() => backend.decode(long.bytes), /not a command/);
    const large = [encodeUtf8('SET'), encodeUtf8('k'), new Uint8Array(MAX_VALUE_BYTES + 1)];
    assert.deepEqual(backend.parse({ form: 'arguments', bytes: encodeArguments(large) }), {
      ok: false,
      error: 'a value of 16777217 bytes is over the limit of 16777216',
    });
    assert.equal(
      verbOf(kvCommand('SET', new Uint8Array(MAX_KEY_BYTES), new Uint8Array(MAX_VALUE_BYTES))),
      'SET',
    );
  });

  it('are admitted as they are exactly when they are canonical', () => {
    const word = fc.oneof(
      fc.constantFrom('SET', 'GET', 'DEL', 'set', 'SE', 'SETT').map(encodeUtf8),
      fc.uint8Array({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (words) => {
        const bytes = encodeArguments(words);
        const verb = words[0] === undefined ? '' : Buffer.from(words[0]).toString('latin1');
        const expected =
          (verb === 'SET' && words.length === 3) ||
          ((verb === 'GET' || verb === 'DEL') && words.length === 2);
        assert.equal(isKvCommand(bytes), expected);
        assert.equal(backend.admit(bytes), expected ? (verb === 'GET' ? 'read' : 'write') : undefined);
        if (expected)
          assert.ok(!isKvCommand(bytes.subarray(0, -1)) && !isKvCommand(Uint8Array.of(...bytes, 0)));
      }),
      { numRuns: 500 },
    );
  });

  it('can be explained in one line', () => {
    const explain = (line: string): string => backend.explain({ form: 'text', text: line });
    assert.equal(explain('set "a b" c'), 'logged: SET "a b" c');
    assert.equal(explain('get a'), 'read, not logged: GET a');
    assert.equal(explain('nonsense'), 'refused: unknown command "nonsense"');
    assert.equal(explain(`set k ${'v'.repeat(300)}`), `logged: SET k ${'v'.repeat(100)}... (300 bytes)`);
  });

  it('of the configuration are none: options are refused', () => {
    assert.throws(() => createBackend({ path: 'x' }), /takes no options/);
    assert.equal(createBackend({}).name, 'kv');
  });
});
