/** A directory that peers refused once is refused by its own node from then on. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { condemn, refuseCondemned } from '#src/server/condemned.ts';

describe('a condemned directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-condemned-'));
  after(() => rmSync(directory, { recursive: true }));

  it('is refused at every start after the first refusal, with the reason', () => {
    refuseCondemned(directory);
    assert.ok(condemn(directory, 'node 2 knows another storage'));
    for (let start = 0; start < 2; start++) {
      assert.throws(
        () => refuseCondemned(directory),
        (error) =>
          error instanceof QuorateError &&
          error.code === 'STORAGE_REPLACED' &&
          error.message.includes('node 2 knows another storage'),
      );
    }
  });

  it('that cannot be written says so instead of throwing', () => {
    assert.equal(condemn(join(directory, 'missing'), 'reason'), false);
  });
});
