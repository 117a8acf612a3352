/** Purpose: tables line up, values reach a terminal without control over it, and JSON keeps every byte. */
import assert from 'node:assert/strict';
import { encodeArguments } from '@quorate/wire';
import { describeCommand } from '#src/output/command-text.ts';
import { renderTable } from '#src/output/table.ts';
import { valueForJson, valueForTerminal } from '#src/output/value.ts';

describe('tables', () => {
  const header = ['node', 'role'];
  const rows = [
    ['1', 'leader'],
    ['12', '-'],
  ];

  it('are plain', () =>
    assert.equal(renderTable(header, rows, 'plain'), 'node  role\n   1  leader\n  12  -\n'));
  it('are boxed', () =>
    assert.equal(
      renderTable(header, rows, 'boxed'),
      '+------+--------+\n| node | role   |\n+------+--------+\n|    1 | leader |\n|   12 | -      |\n+------+--------+\n',
    ));
});

describe('values', () => {
  const rows: readonly (readonly [Buffer | null, string])[] = [
    [null, '(nil)'],
    [Buffer.from(''), '""'],
    [Buffer.from('the value'), 'the value'],
    [Buffer.from('(nil)'), '"(nil)"'],
    [Buffer.from('\u001b[2J'), '"\\x1b[2J"'],
    [Buffer.from([0, 255, 65]), '"\\x00\\xffA"'],
  ];
  for (const [value, shown] of rows)
    it(`look like ${shown} on a terminal`, () => assert.equal(valueForTerminal(value), shown));

  it('are text or base64 in JSON', () => {
    assert.deepEqual(valueForJson(null), { value: null });
    assert.deepEqual(valueForJson(Buffer.from('ä')), { value: 'ä' });
    assert.deepEqual(valueForJson(Buffer.from([255])), { valueBase64: '/w==' });
  });
});

describe('commands in a journal', () => {
  it('are words where they are arguments', () => {
    const bytes = encodeArguments(['SET', 'a b', ''].map((word) => Buffer.from(word)));
    assert.equal(describeCommand(bytes), 'SET "a b" ""');
  });
  it('are a value where they are not', () =>
    assert.equal(describeCommand(Buffer.from('select 1')), 'select 1'));
  it('are cut when they are long', () => {
    const bytes = encodeArguments([Buffer.from('SET'), Buffer.alloc(300, 'x')]);
    assert.equal(describeCommand(bytes), `SET ${'x'.repeat(200)}...(300 bytes)`);
  });
});
