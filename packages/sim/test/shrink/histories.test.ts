/**
 * Histories that once made a property fail, reduced and written down: each is played on the code as it is now, and
 * every property holds.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readHistory } from '#src/shrink/history-text.ts';
import { play } from '#src/shrink/player.ts';

const DIRECTORY = fileURLToPath(new URL('../../test/histories', import.meta.url));
/** A history of which less than this can still happen has become another one: reduce its bug again. */
const PLAYED_SHARE = 0.7;

describe('histories that failed once', () => {
  for (const name of readdirSync(DIRECTORY).filter((file) => file.endsWith('.txt'))) {
    it(`${name}: every property holds`, () => {
      const history = readHistory(readFileSync(join(DIRECTORY, name), 'utf8'));
      const { sentence, deeds } = play(history);
      assert.equal(sentence, undefined);
      const wanted = Math.ceil(history.deeds.length * PLAYED_SHARE);
      assert.ok(deeds.length >= wanted, `${deeds.length} of ${history.deeds.length} decisions can happen`);
    });
  }
});
