/**
 * Purpose: the REPL speaks with each backend in its own way: where a command ends, how a result looks to a person and to a
 * program, and what Tab completes.
 */
import assert from 'node:assert/strict';
import type { ExecResult, QuorateClient } from '@quorate/client';
import { encodeUtf8 } from '@quorate/wire';
import { Evaluator } from '#src/repl/evaluator.ts';
import { faceOf, PLAIN_FACE } from '#src/repl/faces/index.ts';

const { signal } = new AbortController();

/** Remembers what was executed. */
function evaluatorWith(backend: string): { readonly evaluator: Evaluator; readonly executed: string[] } {
  const executed: string[] = [];
  const exec = async (command: string): Promise<ExecResult> => {
    executed.push(command);
    return { ok: true, value: null, slot: 1, text: () => null };
  };
  const client = { exec } as unknown as QuorateClient;
  return { evaluator: new Evaluator(client, [], faceOf(backend)), executed };
}

describe('the face of PostgreSQL', () => {
  const face = faceOf('postgres');
  const shown = (value: unknown): string => String(face.forPipe(encodeUtf8(JSON.stringify(value))));

  for (const [text, isComplete] of [
    ['SELECT 1;', true],
    ['SELECT 1', false],
    ['SELECT 1; -- the end', true],
    ['SELECT 1; /* a ; b */  ', true],
    ['SELECT 1 /* ;', false],
    ["SELECT ';", false],
    ["SELECT 'it''s;'", false],
    ["SELECT 'it''s;';", true],
    ['SELECT ";"', false],
    ['DO $$ BEGIN; END', false],
    ['DO $x$ a; $$ b; $x$;', true],
    ['INSERT INTO t VALUES ($1);', true],
    ['SELECT 1; SELECT 2', false],
    ['', false],
    ['{"sql": "SELECT $1", "params": [1]}', true],
    ['{"sql": "SELECT $1",', false],
    ['\\d account', true],
  ] as const) {
    it(`${isComplete ? 'ends' : 'goes on after'} ${JSON.stringify(text)}`, () => {
      assert.equal(face.isComplete(text), isComplete);
    });
  }

  it('shows rows as a table, numbers to the right, nulls as nothing, nothing that moves the cursor', () => {
    const fields = [
      { name: 'id', type: 'int4' },
      { name: 'name', type: 'text' },
    ];
    const rows = [
      ['1', 'ann'],
      ['22', null],
      ['3', 'a\u001b[2Jb'],
    ];
    assert.equal(
      shown({ command: 'SELECT', rowCount: 3, fields, rows }),
      [' id | name', '----+-------------', '  1 | ann', ' 22 |', '  3 | "a\\x1b[2Jb"', '(3 rows)'].join('\n'),
    );
  });

  it('shows other commands by their tag, and several one after the other', () => {
    assert.equal(shown({ command: 'INSERT', rowCount: 2 }), 'INSERT 0 2');
    assert.equal(shown({ command: 'CREATE TABLE', rowCount: null }), 'CREATE TABLE');
    const results = [
      { command: 'UPDATE', rowCount: 1 },
      { command: 'DELETE', rowCount: 0 },
    ];
    assert.equal(shown({ results }), 'UPDATE 1\nDELETE 0');
  });

  it('gathers lines until the semicolon, and forgets them at Ctrl-C', async () => {
    const { evaluator, executed } = evaluatorWith('postgres');
    assert.equal((await evaluator.evaluate('SELECT 1,', signal)).kind, 'more');
    assert.equal((await evaluator.evaluate('help;', signal)).kind, 'result');
    await evaluator.evaluate('SELECT', signal);
    evaluator.reset();
    assert.equal((await evaluator.evaluate('help', signal)).kind, 'text');
    await evaluator.evaluate('SELECT 2', signal);
    assert.equal((await evaluator.finish(signal)).kind, 'result');
    assert.deepEqual(executed, ['SELECT 1,\nhelp;', 'SELECT 2']);
  });

  it('completes key words everywhere, in the case that was begun', () => {
    const { evaluator } = evaluatorWith('postgres');
    assert.deepEqual(evaluator.completions('SELECT * FR'), [['FROM '], 'FR']);
    assert.ok(evaluator.completions('sel')[0].includes('select '));
  });
});

describe('the face of Redis', () => {
  const face = faceOf('redis');

  for (const [reply, people, program] of [
    ['+OK\r\n', 'OK', 'OK'],
    [':42\r\n', '(integer) 42', '42'],
    ['-ERR no\r\n', '(error) ERR no', 'ERR no'],
    ['$-1\r\n', '(nil)', '(nil)'],
    ['*0\r\n', '(empty array)', '(empty array)'],
    ['*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n', '1) "a"\n2) 1) (integer) 1\n   2) (nil)', 'a\n1\n(nil)'],
    ['no reply', 'no reply', 'no reply'],
    ['$5\r\nab\r\n', '"$5\\r\\nab\\r\\n"', '"$5\\r\\nab\\r\\n"'],
  ] as const) {
    it(`shows ${JSON.stringify(reply)}`, () => {
      assert.equal(face.forTerminal(encodeUtf8(reply)), people);
      assert.equal(String(face.forPipe(encodeUtf8(reply))), program);
    });
  }

  it('gives a program the bytes of a string as they are', () => {
    const reply = Buffer.concat([Buffer.from('$3\r\n'), Buffer.from([0, 255, 10]), Buffer.from('\r\n')]);
    assert.deepEqual([...(face.forPipe(reply) as Uint8Array)], [0, 255, 10]);
    assert.equal(face.forTerminal(reply), '"\\x00\\xff\\n"');
  });

  it('completes the names of commands, whatever their case', () => {
    const { evaluator } = evaluatorWith('redis');
    assert.ok(evaluator.completions('HGET')[0].includes('hgetall '));
    assert.deepEqual(evaluator.completions('get stat'), [[], 'stat']);
  });
});

describe('the face of any other backend', () => {
  it('shows values as they are', () => {
    assert.equal(faceOf('counter'), PLAIN_FACE);
    assert.doesNotMatch(PLAIN_FACE.help, /set KEY/);
    assert.match(faceOf('kv').help, /set KEY VALUE/);
    assert.equal(faceOf(undefined).forTerminal(encodeUtf8('a\nb')), '"a\\nb"');
    assert.deepEqual(faceOf('kv').forPipe(encodeUtf8('a\nb')), encodeUtf8('a\nb'));
  });
});
