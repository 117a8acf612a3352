/**
 * Every transcript beside this file plays out exactly as written. `UPDATE_TRACES=1` writes them anew; read the
 * difference before you commit it, for it is a change of the protocol.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { replay } from './transcript.ts';

// The compiled test is in dist-test/traces; the transcripts stay beside the source.
const folder = fileURLToPath(new URL('../../test/traces/', import.meta.url));

describe('transcripts', () => {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort();

  it('are there', () => assert.ok(names.length >= 20, `${names.length} transcripts in ${folder}`));

  for (const name of names) {
    it(name.replace('.txt', '').replaceAll('-', ' '), () => {
      const written = readFileSync(folder + name, 'utf8');
      const played = replay(written);
      if (process.env['UPDATE_TRACES'] === '1') writeFileSync(folder + name, played);
      else assert.equal(played, written);
    });
  }
});
