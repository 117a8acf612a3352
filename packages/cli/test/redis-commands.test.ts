/** Purpose: `quorate redis commands` prints a verdict for every command, to people and to programs. */
import assert from 'node:assert/strict';
import { quorate } from './helpers/run-quorate.ts';

describe('quorate redis commands', function () {
  this.timeout(30_000);

  it('prints every command with its verdict and remark', async () => {
    const { stdout, code } = await quorate(['redis', 'commands']);
    assert.equal(code, 0);
    assert.match(stdout, /^write +SPOP +the leader proposes members/m);
    assert.match(stdout, /^refused +BLPOP +it would wait inside the log/m);
    assert.match(stdout, /\n240 commands: \d+ reads, \d+ writes, \d+ refused\n$/);
  });

  it('gives programs the same as JSON', async () => {
    const { stdout } = await quorate(['redis', 'commands', '-w', 'json']);
    const table = JSON.parse(stdout) as { name: string; kind: string }[];
    assert.equal(table.length, 240);
    assert.equal(table.find(({ name }) => name === 'GET')?.kind, 'read');
  });
});
