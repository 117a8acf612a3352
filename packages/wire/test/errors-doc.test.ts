/** docs/errors.md and the error table say the same about every code, in both directions. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ERRORS, type ErrorCode, errorCodeOf } from '#src/errors.ts';

const PAGE = new URL('../../../docs/errors.md', import.meta.url);

type Documented = { readonly family: string; readonly retryable: boolean; readonly outcome: string };

function documented(): Map<string, Documented> {
  const found = new Map<string, Documented>();
  let family = '';
  for (const line of readFileSync(PAGE, 'utf8').split('\n')) {
    const heading = /^## (\w+):/.exec(line);
    if (heading !== null) family = (heading[1] ?? '').toLowerCase();
    const row = /^\| `([A-Z_0-9]+)` \| (yes|no) \| (none|unknown) \|/.exec(line);
    if (row !== null) found.set(row[1] ?? '', { family, retryable: row[2] === 'yes', outcome: row[3] ?? '' });
  }
  return found;
}

describe('the error table', () => {
  it('is documented code by code, with family, retryable and outcome as in the code', () => {
    const expected = Object.fromEntries(
      Object.entries(ERRORS).map(([code, { family, retryable, outcome }]) => [
        code,
        { family, retryable, outcome },
      ]),
    );
    assert.deepEqual(Object.fromEntries(documented()), expected);
  });

  it('gives every code a number of its own, and finds it again by that number', () => {
    const codes = Object.keys(ERRORS) as ErrorCode[];
    assert.equal(new Set(codes.map((code) => ERRORS[code].number)).size, codes.length);
    for (const code of codes) assert.equal(errorCodeOf(ERRORS[code].number), code);
    assert.equal(errorCodeOf(9999), undefined);
  });
});
