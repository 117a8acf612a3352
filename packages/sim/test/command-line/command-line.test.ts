/** Purpose: arguments are read as the options say, the first mistake is named, and paths are tried before they are used. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  directoryToMake,
  existingDirectory,
  fileToWrite,
  parseArguments,
  positiveNumber,
  quoted,
  readInput,
  wholeNumber,
} from '#src/command-line/index.ts';

const TOOL = {
  name: 'tool',
  usage: ['[options]'],
  options: {
    count: { type: 'string', short: 'c', default: '2', value: 'N', about: 'so many' },
    name: { type: 'string', multiple: true, default: [] as string[], value: 'NAME', about: 'these' },
    loud: { type: 'boolean', default: false, about: 'says more' },
  },
} as const;

describe('command line', () => {
  it('reads options with their defaults', () => {
    assert.deepEqual({ ...parseArguments(TOOL, []).values }, { count: '2', name: [], loud: false });
    const { values } = parseArguments(TOOL, ['-c', '3', '--name=a', '--name', 'b', '--loud', '--name=-c']);
    assert.deepEqual({ ...values }, { count: '3', name: ['a', 'b', '-c'], loud: true });
  });

  it('takes words only where the tool does', () => {
    assert.throws(() => parseArguments(TOOL, ['word']), { message: '"word" belongs to no option' });
    const words = { ...TOOL, takesWords: true } as const;
    assert.deepEqual(parseArguments(words, ['word', '--', '--loud']).positionals, ['word', '--loud']);
  });

  for (const [args, message] of [
    [['--bogus', '--count'], 'there is no option --bogus; there are --count, --name, --loud, --help'],
    [['--count'], '--count needs a value: --count N'],
    [['--name='], '--name needs a value: --name NAME'],
    [['-c', '--loud'], '-c needs a value: -c N; --loud looks like another option'],
    [['--loud=no'], '--loud takes no value, and was given "no"'],
    [['--constructor'], 'there is no option --constructor; there are --count, --name, --loud, --help'],
  ] as const)
    it(`names the mistake in ${args.join(' ')}`, () =>
      assert.throws(() => parseArguments(TOOL, args), { code: 'ARGUMENT', message }));

  it('takes numbers, and nothing that is none', () => {
    assert.deepEqual(
      ['7', '-7', '1e6'].map((text) => wholeNumber('--n', text)),
      [7, -7, 1_000_000],
    );
    for (const text of ['', ' ', 'x', '1.5', '1e30', '5x'])
      assert.throws(() => wholeNumber('--n', text), { code: 'ARGUMENT' });
    assert.throws(() => wholeNumber('--n', '0', 1), {
      message: '--n takes a whole number from 1 on, not "0"',
    });
    assert.equal(positiveNumber('--n', '0.5'), 0.5);
    for (const text of ['0', '-1', '', 'Infinity'])
      assert.throws(() => positiveNumber('--n', text), { code: 'ARGUMENT' });
  });

  it('quotes what was typed, on one line and not at any length', () => {
    assert.equal(quoted('a\nb'), '"a\\nb"');
    assert.ok(quoted('x'.repeat(10_000)).length < 100);
  });

  it('tries paths before they are used', () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-command-line-'));
    try {
      const file = join(directory, 'file');
      writeFileSync(file, 'text');
      assert.equal(readInput(file), 'text');
      for (const path of [directory, join(directory, 'none'), join(file, 'below')])
        assert.throws(() => readInput(path), { code: 'ARGUMENT' });
      for (const path of [file, join(directory, 'new')]) assert.equal(fileToWrite('--out', path), path);
      for (const path of [directory, join(directory, 'none', 'new'), join(file, 'below')])
        assert.throws(() => fileToWrite('--out', path), { code: 'ARGUMENT' });
      assert.equal(existingDirectory('--dir', directory), directory);
      for (const path of [file, join(directory, 'none')])
        assert.throws(() => existingDirectory('--dir', path), { code: 'ARGUMENT' });
      const deep = join(directory, 'one', 'two');
      assert.equal(directoryToMake('--dir', deep), deep);
      for (const path of [file, join(file, 'below')])
        assert.throws(() => directoryToMake('--dir', path), { code: 'ARGUMENT' });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
