/**
 * Purpose: `docs/operations.md` names every setting with its default and every exit code, and nothing that is not there.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DEFAULT_SETTINGS, SETTING_KEYS } from '@quorate/core/config';
import { EXIT } from '#src/exit-codes.ts';

/** test and dist-test are both three levels below the root. */
const PAGE = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');

describe('the page about operations', () => {
  it('lists every setting in its order, with its default', () => {
    const rows = rowsUnder('## Settings');
    assert.deepEqual(
      rows.map(([key]) => key),
      SETTING_KEYS.map((key) => `\`${key}\``),
    );
    for (const [cell = '', , shown = ''] of rows) {
      const preset = DEFAULT_SETTINGS[cell.replaceAll('`', '') as keyof typeof DEFAULT_SETTINGS];
      const isPlain = ['number', 'string', 'boolean'].includes(typeof preset);
      const wanted = isPlain ? String(preset) : 'none';
      assert.equal(shown.replaceAll('`', '').split(',')[0], wanted, cell);
    }
  });

  it('lists every exit code', () => {
    const listed = rowsUnder('## Exit codes').map(([code]) => Number(code));
    assert.deepEqual(listed, Object.values(EXIT));
  });
});

/** The cells of the first table behind a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const lines = PAGE.slice(PAGE.indexOf(`\n${heading}\n`)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('|---')) + 1;
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines.slice(start, start + length).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
