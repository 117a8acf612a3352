import assert from 'node:assert/strict';
import { type CommandInput, encodeArguments, encodeUtf8 } from '@quorate/wire';
import fc from 'fast-check';
import { decodeCommand, encodeCommand } from '#src/sql/command-bytes.ts';
import { loadGrammar } from '#src/sql/grammar.ts';
import { parseCommand } from '#src/sql/read-input.ts';

const text = (sql: string): CommandInput => ({ form: 'text', text: sql });
const list = (...parts: readonly string[]): CommandInput => ({
  form: 'arguments',
  bytes: encodeArguments(parts.map(encodeUtf8)),
});

function errorOf(input: CommandInput): string {
  const parsed = parseCommand(input);
  return parsed.ok ? '' : parsed.error;
}

describe('reading SQL commands', () => {
  before(loadGrammar);

  it('splits a text into statements that make one command', () => {
    assert.deepEqual(parseCommand(text("insert into t values ('é;'); update t set a = 1 ;")), {
      ok: true,
      access: 'write',
      command: {
        statements: [
          { sql: "insert into t values ('é;')", params: [] },
          { sql: 'update t set a = 1', params: [] },
        ],
      },
    });
  });

  it('gives the same command for JSON and for a list of arguments', () => {
    const json = parseCommand(text('{"sql": "insert into t values ($1, $2)", "params": [5, "x"]}'));
    assert.deepEqual(json, parseCommand(list('insert into t values ($1, $2)', '5', 'x')));
    assert.ok(json.ok);
    assert.deepEqual(json.command.statements, [{ sql: 'insert into t values ($1, $2)', params: ['5', 'x'] }]);
  });

  it('points at the place of a syntax error', () => {
    assert.equal(
      errorOf(text('select a,\n  b frm t')),
      'syntax error at or near "t", line 2, column 9\n    b frm t\n          ^',
    );
  });

  const accesses: readonly (readonly [string, 'read' | 'write'])[] = [
    ['select * from t', 'read'],
    ['show server_version', 'read'],
    ['explain insert into t values (1)', 'read'],
    ["select nextval('s')", 'write'],
    ['with gone as (delete from t returning *) select * from gone', 'write'],
    ['create table t (a int)', 'write'],
  ];
  for (const [sql, access] of accesses)
    it(`takes as a ${access}: ${sql}`, () => {
      const parsed = parseCommand(text(sql));
      assert.equal(parsed.ok && parsed.access, access);
    });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /no statement/],
    [' ; -- nothing', /no statement/],
    ['begin', /transaction control is not replicated; one command is one transaction/],
    ['select * from t for update', /FOR UPDATE/],
    ['select pg_advisory_lock(1)', /advisory locks live in one server/],
    ['create table t (a int); insert into t values (1)', /changes the schema and does something else/],
    ['insert into t values ($1)', /uses parameters up to \$1 and 0 were given/],
    ['{"sql": "select 1", "params": [1]}', /uses no parameters and 1 were given/],
    ['{"sql": "select $1", "params": [12345678901234567890]}', /JSON cannot carry exactly/],
    ['{"sql": "select $1", "params": [{}]}', /list or an object/],
    ['{"sql": "select 1", "parms": []}', /unknown key "parms"/],
    ['{"sql"', /not JSON/],
    [`select ${'('.repeat(5000)}1${')'.repeat(5000)}`, /parentheses are open/],
    [`select ${'1+'.repeat(50_000)}1`, /cannot read it|nested deeper/],
  ];
  for (const [sql, reason] of refused)
    it(`refuses ${sql.slice(0, 60)}`, () => {
      assert.match(errorOf(text(sql)), reason);
    });

  it('reads the next command after the grammar ran out of stack', () => {
    errorOf(text(`select ${'1+'.repeat(50_000)}1`));
    assert.ok(parseCommand(text('select 1')).ok);
  });

  it('answers any input with a command or an error, and encodes what it accepted without loss', () => {
    const words = fc.constantFrom(
      'select',
      'insert into t',
      'values',
      '(',
      ')',
      "'",
      '$1',
      ';',
      '1',
      '{',
      '$$',
      '--',
      'é',
    );
    const inputs = fc.oneof(
      fc.string().map(text),
      fc.array(words).map((parts) => text(parts.join(' '))),
      fc.array(fc.string()).map((parts) => list(...parts)),
      fc.uint8Array().map((bytes): CommandInput => ({ form: 'arguments', bytes })),
    );
    fc.assert(
      fc.property(inputs, (input) => {
        const parsed = parseCommand(input);
        if (parsed.ok) assert.deepEqual(decodeCommand(encodeCommand(parsed.command)), parsed.command);
        else assert.notEqual(parsed.error, '');
      }),
    );
  });
});
