/** A log is read by the backend for which it was written, and by no other. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QuorateError } from '@quorate/wire';
import { claimForBackend } from '#src/server/backend-name.ts';

describe('a data directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-backend-name-'));
  const path = join(directory, 'backend-name');
  after(() => rmSync(directory, { recursive: true }));

  const refused = (name: string, code: string, words: RegExp): void => {
    assert.throws(
      () => claimForBackend(directory, name),
      (error) => error instanceof QuorateError && error.code === code && words.test(error.message),
    );
  };

  it('belongs to the backend of its first start, and names it to every other one', () => {
    claimForBackend(directory, 'kv');
    claimForBackend(directory, 'kv');
    refused('redis', 'JOURNAL_FOREIGN', /was written for the backend kv, and this node has redis: choose kv/);
    assert.equal(readFileSync(path, 'utf8'), 'kv\n');
  });

  it('is given to a backend under a new name by whoever writes it there', () => {
    writeFileSync(path, 'ledger');
    claimForBackend(directory, 'ledger');
    refused('kv', 'JOURNAL_FOREIGN', /the backend ledger/);
  });

  it('whose first start was cut short belongs to the next one', () => {
    writeFileSync(path, '');
    claimForBackend(directory, 'redis');
    assert.equal(readFileSync(path, 'utf8'), 'redis\n');
  });

  it('that cannot be written says where and why', () => {
    const missing = join(directory, 'missing');
    assert.throws(
      () => claimForBackend(missing, 'kv'),
      (error) =>
        error instanceof QuorateError &&
        error.code === 'JOURNAL_IO' &&
        error.message.includes(join(missing, 'backend-name')) &&
        error.message.includes('ENOENT'),
    );
  });
});
