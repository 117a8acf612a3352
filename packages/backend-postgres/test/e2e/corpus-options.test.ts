/** Purpose: the corpus explains its options, and answers wrong use with a sentence and the usage, without starting a server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist-test/corpus/main.js', import.meta.url));
const USAGE = 'usage: npm run postgres:corpus -- [--random N [--seed N]]';

describe('command line of the corpus', function () {
  this.timeout(20_000);

  it('explains every option on demand', () => {
    for (const flag of ['--help', '-h']) {
      const { status, stdout, stderr } = corpus(flag);
      assert.deepEqual([status, stderr], [0, '']);
      for (const line of [USAGE, '  --random N  so', '  --seed N    with', '  -h, --help  this'])
        assert.ok(`\n${stdout}`.includes(`\n${line}`), stdout);
    }
  });

  const wrong: Readonly<Record<string, string>> = {
    '--bogus': 'there is no option --bogus; there are --random, --seed, --help',
    '--random': '--random needs a value: --random N',
    '--random many': '--random takes a whole number from 1 on, not "many"',
    '--random 5 --seed x': '--seed takes a whole number from 0 on, not "x"',
    extra: '"extra" belongs to no option',
  };
  for (const [line, sentence] of Object.entries(wrong))
    it(`refuses ${line}`, () => {
      const { status, stdout, stderr } = corpus(...line.split(' '));
      assert.deepEqual([status, stdout], [2, '']);
      assert.equal(stderr.split('\n').slice(0, 2).join('\n'), `postgres:corpus: ${sentence}\n${USAGE}`);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
});

function corpus(...args: string[]) {
  return spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
}
