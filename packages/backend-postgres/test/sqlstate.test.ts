/** What SQLSTATEs mean for a replica, and how options are refused. */
import assert from 'node:assert/strict';
import { QuorateError } from '@quorate/wire';
import { checkOptions } from '#src/options.ts';
import { judge } from '#src/sqlstate.ts';

describe('SQLSTATE', () => {
  const expected = {
    refused: [
      '0Z002',
      '22012',
      '23505',
      '24000',
      '2D000',
      '42601',
      '42P01',
      'P0001',
      '21000',
      '0A000',
      '2BP01',
      '54000',
      '55000',
      '44000',
    ],
    unavailable: [
      '40001',
      '40P01',
      '53100',
      '53200',
      '53300',
      '55P03',
      '57P01',
      '57014',
      '58030',
      '08006',
      '25006',
      '28P01',
      '3D000',
    ],
    diverged: ['XX000', 'XX001', 'XX002'],
  } as const;
  for (const [judgement, states] of Object.entries(expected))
    it(`${states.join(', ')}: ${judgement}`, () => {
      for (const state of states) assert.equal(judge(state), judgement, state);
    });

  it('a value too large for any server is a refusal, though PostgreSQL calls it an internal error', () => {
    assert.equal(judge('XX000', 'invalid memory alloc request size 1400000004'), 'refused');
  });

  it('the length of a damaged value, which nothing honest has, is damage', () => {
    assert.equal(judge('XX000', 'invalid memory alloc request size 18446744073709551613'), 'diverged');
  });

  it('a state that a function raises is a refusal, whatever it looks like', () => {
    for (const state of ['40001', '53100', '57014', 'XX001', 'QQ001'])
      assert.equal(judge(state, 'words', 'exec_stmt_raise'), 'refused', state);
  });

  it('a connection that broke without a word is trouble of the store', () => {
    assert.equal(judge(undefined), 'unavailable');
  });
});

describe('options of the postgres backend', () => {
  it('need the URL of a server and nothing else', () => {
    const { url, readTimeoutMs } = checkOptions({ url: 'postgres://me:secret@127.0.0.1/db' });
    assert.deepEqual([url, readTimeoutMs], ['postgres://me:secret@127.0.0.1/db', 10_000]);
  });

  it('are refused in words that do not show a password', () => {
    const bad = [
      undefined,
      {},
      { url: 'mysql://me:secret@host/db' },
      { url: 'postgres://me:secret@host/db', uri: 1 },
      { url: 'postgres://me:secret@host/db', readTimeoutMs: 0 },
      { url: 'postgres://me:secret@host/db', pgDump: 7 },
      ['postgres://me:secret@host/db'],
    ];
    for (const options of bad)
      assert.throws(
        () => checkOptions(options),
        (error) =>
          error instanceof QuorateError && error.code === 'CONFIG_INVALID' && !/secret/.test(error.message),
      );
  });
});
