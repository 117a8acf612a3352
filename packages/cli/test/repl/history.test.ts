/** Purpose: the history of the REPL survives between runs, is its owner's alone, and never gets in the way. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { HISTORY_LINES, historyPath, loadHistory, saveHistory } from '#src/repl/history.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

describe('the history', () => {
  it('comes back newest first, and only its owner can read it', () => {
    using directory = new TemporaryDirectory();
    const path = directory.file('state/quorate/history');
    saveHistory(path, ['newest', 'older', 'oldest']);
    assert.deepEqual(loadHistory(path), ['newest', 'older', 'oldest']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('keeps the newest lines up to its bound', () => {
    using directory = new TemporaryDirectory();
    const path = directory.file('history');
    saveHistory(
      path,
      Array.from({ length: HISTORY_LINES + 5 }, (_, index) => `line ${index}`),
    );
    const loaded = loadHistory(path);
    assert.equal(loaded.length, HISTORY_LINES);
    assert.equal(loaded[0], 'line 0');
  });

  it('lies in the state directory unless it is named or switched off', () => {
    assert.equal(historyPath({ XDG_STATE_HOME: '/state' }), '/state/quorate/history');
    assert.match(historyPath({}) ?? '', /\.local\/state\/quorate\/history$/);
    assert.equal(historyPath({ QUORATE_HISTORY: '/here' }), '/here');
    assert.equal(historyPath({ QUORATE_HISTORY: '' }), undefined);
  });

  it('is simply not there when it cannot be', () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file('file'), '');
    const path = directory.file('file/history');
    saveHistory(path, ['x']);
    assert.deepEqual(loadHistory(path), []);
    assert.deepEqual(loadHistory(undefined), []);
  });
});
