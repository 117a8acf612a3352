/** Purpose: the chaos runners explain their options, and answer wrong use with a sentence, the usage and nothing else. */
import { fileURLToPath } from 'node:url';
import { judgeHelp, judgeWrongUse, type WrongUse } from '@quorate/sim/command-line/judge';

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
    const tool = { name, words, path: fileURLToPath(new URL(`../../dist/${file}`, import.meta.url)) };

    it(`${name} explains every option on demand`, () => judgeHelp(tool));

    for (const use of [[['--bogus'], /there is no option --bogus/] as WrongUse, ...wrong])
      it(`${name} refuses ${use[0].join(' ') || 'nothing at all'}`, () => judgeWrongUse(tool, use));
  }
});
