/** Commands before they reach a server: what is taken, rewritten and refused, and their bytes. */
import assert from 'node:assert/strict';
import { createBackend } from '@quorate/backend-redis';
import { encodeArguments, encodeUtf8 } from '@quorate/wire';

const backend = createBackend();
const explained = (text: string): string => backend.explain({ form: 'text', text });

describe('parsing Redis commands', () => {
  const rewritten: readonly (readonly [string, string])[] = [
    ['set a 1 ex 10', 'logged: SET a 1 PX 10000'],
    ['SET a 1 EXAT 10 NX GET', 'logged: SET a 1 PXAT 10000 NX GET'],
    ['SETEX a 10 v', 'logged: SET a v PX 10000'],
    ['PSETEX a 10 v', 'logged: SET a v PX 10'],
    ['EXPIRE a 10 nx', 'logged: PEXPIRE a 10000 NX'],
    ['EXPIREAT a -10', 'logged: PEXPIREAT a -10000'],
    ['GETEX a', 'read, not logged: GET a'],
    ['GETEX a EX 1', 'logged: GETEX a PX 1000'],
    ['XADD s MAXLEN ~ 10 LIMIT 3 * f v', 'logged: XADD s MAXLEN 10 * f v'],
    ['XTRIM s MINID ~ 5-1', 'logged: XTRIM s MINID 5-1'],
    ['FLUSHDB ASYNC', 'logged: FLUSHALL'],
    ['SORT s BY w_* GET #', 'read, not logged: SORT_RO s BY w_* GET #'],
    ['SORT s STORE d', 'logged: SORT s STORE d'],
    ['GEORADIUS g 1 2 3 km', 'read, not logged: GEORADIUS_RO g 1 2 3 km'],
    ['PFCOUNT p', 'read, not logged: PFCOUNT p p'],
    ['SPOP s 2', 'logged, with members that the leader proposes: SPOP s 2'],
    ['multi; set a "x; y" ; incr b; exec', 'logged: MULTI; SET a "x; y"; INCR b; EXEC'],
    ['MULTI\nGET a\nGET b\nEXEC', 'read, not logged: MULTI; GET a; GET b; EXEC'],
  ];
  for (const [text, expected] of rewritten)
    it(`${JSON.stringify(text)} is ${expected}`, () => assert.equal(explained(text), expected));

  const refused: readonly (readonly [string, RegExp])[] = [
    ['SET a 1 EX 0', /invalid expire time in 'set' command/],
    ['EXPIRE a soon', /not an integer/],
    ['EXPIRE a 99999999999', /at most 2200 years/],
    ['SPOP s -1', /must be positive/],
    ['GET', /wrong number of arguments for 'get' command/],
    ['BLPOP a 0', /would wait inside the log.*Instead: use the command without B/],
    ['EVAL "return 1" 0', /Instead: send its commands as one/],
    ['XREAD BLOCK 0 STREAMS s $', /leave BLOCK out/],
    ['BITFIELD a GET i64 0', /more than 53 bits/],
    ['NOSUCH a', /unknown command NOSUCH.*quorate redis commands/],
    ['SET a 1; SET b 2', /begin with MULTI/],
    ['MULTI; SET a 1', /ends with EXEC/],
    ['MULTI; SET a 1; BLPOP a 0; EXEC', /command 2 of MULTI: BLPOP is refused/],
    ['MULTI; SET a 1; SRANDMEMBER s; EXEC', /answers differently on every server/],
    ['MULTI; SET a 1; SORT s ALPHA; EXEC', /as the locale of the server does/],
    ['SPOP.CHOSEN s 1 x', /unknown command/],
  ];
  for (const [text, why] of refused)
    it(`${JSON.stringify(text)} is refused with a reason`, () => {
      assert.match(explained(text), why);
      assert.equal(backend.parse({ form: 'text', text }).ok, false);
    });

  it('the bytes of a command that needs no rewriting are the bytes that came', () => {
    const bytes = encodeArguments(['SET', 'a', '1'].map((word) => encodeUtf8(word)));
    const parsed = backend.parse({ form: 'arguments', bytes });
    assert.ok(parsed.ok);
    assert.equal(backend.encode(parsed.command), bytes);
  });

  it('bytes that were not rewritten do not come out of the log', () => {
    const bytes = encodeArguments(['SET', 'a', '1', 'EX', '5'].map((word) => encodeUtf8(word)));
    assert.throws(() => backend.decode(bytes), /was not rewritten/);
  });

  it('options that are wrong are named, and a password never is', () => {
    assert.throws(() => createBackend({ uri: 'x' }), /have no "uri"; there are url/);
    assert.throws(() => createBackend({ url: 'redis://h:1/3' }), /names database 3/);
    assert.throws(
      () => createBackend({ url: 'http://u:secret@h' }),
      (error) => !String(error).includes('secret'),
    );
    assert.throws(() => createBackend({ commandTimeoutMs: 0 }), /milliseconds from 1/);
  });
});
