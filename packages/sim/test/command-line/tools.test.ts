/**
 * Purpose: every proof program explains all its options, and answers wrong use with one sentence and the usage, before it
 * runs anything and without a stack trace.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeHelp, judgeWrongUse, type WrongUse } from '#src/command-line/judge.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const SOMEFILE = fileURLToPath(import.meta.url);
const FOLDER = pathOf('dist');

const TOOLS: Readonly<Record<string, { readonly file: string; readonly wrong: readonly WrongUse[] }>> = {
  sim: {
    file: 'dist/main.js',
    wrong: [
      [['--seeds', '5..1'], /--seeds 5\.\.1 ends before it begins: write 1\.\.5$/],
      [['--seeds', 'x'], /--seeds takes a range like 1\.\.300, not "x"$/],
      [['--seeds', '1..2..3'], /a whole number, not "2\.\.3"$/],
      [['--seed', 'one'], /--seed takes a whole number, not "one"$/],
      [['--depth', 'sea'], /--depth is one of core, engine, both, not "sea"$/],
      [['--seed', '1', '--trace', '--from', '9', '--until', '3'], /--until 3 lies before --from 9$/],
      [['17'], /"17" belongs to no option$/],
    ],
  },
  'sim:shrink': {
    file: 'dist/shrink/main.js',
    wrong: [
      [[], /--seed or --mutant$/],
      [['--seed'], /--seed needs a value: --seed N$/],
      [['--seed', '1', '--seconds', 'ten'], /--seconds takes a number above 0, not "ten"$/],
      [['--seed', '1', '--into', SOMEFILE], /--into takes a directory, and "[^"]+" cannot be used/],
      [['--mutant', 'none-such'], /there is no mutant "none-such"/],
    ],
  },
  bugbank: {
    file: 'dist/bugbank/main.js',
    wrong: [
      [['--only', 'none-such'], /there is no mutant "none-such" in the bug bank; --list prints the ids$/],
      [['-w', 'xml'], /--write is one of table, json, not "xml"$/],
      [['--jobs', '0'], /--jobs takes a whole number from 1 on, not "0"$/],
    ],
  },
  modelcheck: {
    file: 'dist/modelcheck/main.js',
    wrong: [
      [['--scope', 'none-such'], /there is no scope "none-such"; there are duel, /],
      [['--states', 'many'], /--states takes a whole number from 1 on, not "many"$/],
    ],
  },
  soak: {
    file: 'dist/soak/main.js',
    wrong: [
      [['--minutes', '0.5'], /--minutes takes a whole number from 1 on, not "0\.5"$/],
      [['--dir', join(SOMEFILE, 'below')], /--dir takes a directory, and .* cannot be used/],
      [['--again=yes'], /--again takes no value, and was given "yes"$/],
    ],
  },
  linearize: {
    file: 'dist/linearizability/main.js',
    wrong: [
      [[], /name one file with a history, not 0$/],
      [['none-such.jsonl'], /"none-such\.jsonl" cannot be read: there is no such file$/],
      [[FOLDER], /cannot be read: it is a directory$/],
      [[SOMEFILE], /line 1: /],
      [
        [SOMEFILE, '--svg', 'none-such/out.svg'],
        /--svg takes a file, .*: there is no directory ".*none-such"$/,
      ],
      [
        [SOMEFILE, '--max-configurations', 'x'],
        /--max-configurations takes a whole number from 1 on, not "x"$/,
      ],
    ],
  },
  sweep: {
    file: 'dist-test/sweeps/main.js',
    wrong: [
      [['--share', '3/2'], /--share takes I\/N with I from 1 to N, like 1\/2, not "3\/2"$/],
      [['--from', 'start'], /--from takes a whole number from 0 on, not "start"$/],
      [['--sample', '--graphs'], /--sample needs a value: --sample N; --graphs looks like another option$/],
    ],
  },
  fuzz: {
    file: 'dist-test/sweeps/fuzz/main.js',
    wrong: [
      [['--target', 'none-such'], /there is no target "none-such"; there are peer-frames, /],
      [['--executions', '0'], /--executions takes a whole number from 1 on, not "0"$/],
      [['--input', '00'], /--input needs one --target$/],
      [
        ['--target', 'words', '--input', 'none-such'],
        /--input takes hexadecimal digits in pairs, or a file of them, and "none-such" is neither$/,
      ],
    ],
  },
};

/** Where this file lies is no part of a test's name. */
function shown(args: readonly string[]): string {
  if (args.length === 0) return 'nothing at all';
  return args.join(' ').replaceAll(SOMEFILE, 'FILE').replaceAll(FOLDER, 'FOLDER');
}

describe('the command line of', function () {
  this.timeout(20_000);

  for (const [name, { file, wrong }] of Object.entries(TOOLS))
    describe(name, () => {
      const tool = { name, path: pathOf(file) };

      it('explains every option on demand', () => judgeHelp(tool));

      for (const use of [[['--bogus'], /: there is no option --bogus/] as WrongUse, ...wrong])
        it(`refuses ${shown(use[0])}`, () => judgeWrongUse(tool, use));
    });
});
