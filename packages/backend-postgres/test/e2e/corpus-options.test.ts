/** Purpose: the corpus explains its options, and answers wrong use with a sentence and the usage, without starting a server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

type WrongUse = readonly [args: readonly string[], sentence: RegExp];

const TOOLS: Readonly<
  Record<
    string,
    { readonly file: string; readonly words: readonly string[]; readonly wrong: readonly WrongUse[] }
  >
> = {
  'postgres:corpus': {
    file: 'main.js',
    words: [],
    wrong: [
      [['--random'], /--random needs a value: --random N$/],
      [['--random', 'many'], /--random takes a whole number from 1 on, not "many"$/],
      [['--random', '5', '--seed', 'x'], /--seed takes a whole number from 0 on, not "x"$/],
      [['extra'], /"extra" belongs to no option$/],
    ],
  },
};

describe('command line of the corpus', function () {
  this.timeout(20_000);

  for (const [name, { file, words, wrong }] of Object.entries(TOOLS)) {
    it(`${name} explains every option on demand`, () => {
      const { stderr } = run(file, ...words, '--bogus');
      const options = /: there is no option --bogus; there are (.*)$/m.exec(stderr)?.[1]?.split(', ') ?? [];
      assert.ok(options.length > 1, stderr);
      for (const flag of ['--help', '-h']) {
        const help = run(file, ...words, flag);
        assert.deepEqual([help.status, help.stderr], [0, '']);
        assert.ok(help.stdout.startsWith('usage: npm run '), help.stdout);
        for (const option of options)
          assert.match(help.stdout, new RegExp(`^  (?:-\\w, )?${option}(?: \\S+)?  +\\S`, 'm'));
      }
    });

    for (const [args, sentence] of [[['--bogus'], /there is no option --bogus/] as WrongUse, ...wrong])
      it(`${name} refuses ${args.length === 0 ? 'nothing at all' : args.join(' ')}`, () => {
        const { status, stdout, stderr } = run(file, ...words, ...args);
        assert.deepEqual([status, stdout], [2, ''], stderr);
        const [first = '', second = ''] = stderr.split('\n');
        assert.ok(first.startsWith(`${name}: `), stderr);
        assert.match(first, sentence);
        assert.ok(second.startsWith('usage: npm run '), stderr);
        assert.doesNotMatch(stderr, /^\s+at /m);
      });
  }
});

function run(file: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`../../dist-test/corpus/${file}`, import.meta.url));
  return spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
}
