/** Purpose: the chaos runners explain their options, and answer wrong use with a sentence, the usage and nothing else. */
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
  chaos: {
    file: 'main.js',
    words: [],
    wrong: [
      [['--seconds', 'ten'], /--seconds takes a number above 0, not "ten"$/],
      [['--seconds', '1'], /at least 5 seconds, not 1$/],
      [['--minutes', '1', '--seconds', '9'], /--minutes or --seconds, not both$/],
      [['--nodes', '4'], /--nodes is one of 3, 5, not "4"$/],
      [['--seed'], /--seed needs a value: --seed N$/],
      [['extra'], /"extra" belongs to no option$/],
    ],
  },
  'store-chaos': {
    file: 'stores/main.js',
    words: [],
    wrong: [
      [[], /name one store, postgres\|redis, not 0$/],
      [['mysql'], /there is no store "mysql"; there are postgres\|redis$/],
      [['postgres', 'redis'], /name one store, postgres\|redis, not 2$/],
      [['redis', '--seconds', '0'], /--seconds takes a number above 0, not "0"$/],
      [['redis', '--seed', '1.5'], /--seed takes a whole number, not "1\.5"$/],
    ],
  },
};

describe('command lines of the chaos runners', function () {
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
  const path = fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
  return spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
}
