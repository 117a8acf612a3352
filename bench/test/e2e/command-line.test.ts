/** Purpose: the benchmarks explain their options, and answer wrong use with a sentence, the usage and nothing else. */
import { fileURLToPath } from 'node:url';
import { judgeHelp, judgeWrongUse, type WrongUse } from '@quorate/sim/command-line/judge';

const TOOLS: Readonly<
  Record<
    string,
    { readonly file: string; readonly words: readonly string[]; readonly wrong: readonly WrongUse[] }
  >
> = {
  bench: {
    file: 'main.js',
    words: [],
    wrong: [
      [['mysql'], /postgres or redis may follow at once, and no other word: "mysql"$/],
      [['--only', 'zookeeper'], /--only is one of baseline, quorate, etcd, not "zookeeper"$/],
      [['--repetitions', '0'], /--repetitions takes a whole number from 1 on, not "0"$/],
      [['--directory', 'none-such'], /--directory takes a directory, .*: it is not there$/],
      [['--json', 'none-such/all.json'], /--json takes a file, .*: there is no directory ".*none-such"$/],
    ],
  },
  'bench postgres': {
    file: 'main.js',
    words: ['postgres'],
    wrong: [
      [['--seconds', 'ten'], /--seconds takes a whole number from 1 on, not "ten"$/],
      [['--directory'], /--directory needs a value: --directory DIR$/],
    ],
  },
  'bench redis': {
    file: 'main.js',
    words: ['redis'],
    wrong: [
      [['--duration', '12345678'], /--duration takes 9999999 at most, not 12345678$/],
      [['extra'], /"extra" belongs to no option$/],
    ],
  },
};

describe('command lines of the benchmarks', function () {
  this.timeout(20_000);

  for (const [name, { file, words, wrong }] of Object.entries(TOOLS)) {
    const tool = { name, words, path: fileURLToPath(new URL(`../../dist/${file}`, import.meta.url)) };

    it(`${name} explains every option on demand`, () => judgeHelp(tool));

    for (const use of [[['--bogus'], /there is no option --bogus/] as WrongUse, ...wrong])
      it(`${name} refuses ${use[0].join(' ') || 'nothing at all'}`, () => judgeWrongUse(tool, use));
  }
});
