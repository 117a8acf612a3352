/**
 * Purpose: what a reader of the documents copies works: the backends in `examples/` keep the contract and run on three
 * nodes with the command of their page, and so do the listings of `docs/writing-a-backend.md`.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { quorate } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

/** test/e2e and dist-test/e2e are both four levels below the root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');

// Registers one test for each rule, as `npx mocha examples/counter/counter.test.mjs` does.
for (const name of ['counter', 'bank'])
  await import(pathToFileURL(join(EXAMPLES, name, `${name}.test.mjs`)).href);

describe('the examples', function () {
  this.timeout(60_000);

  for (const name of ['counter', 'bank']) {
    it(`print what the page of ${name} says`, async () => {
      const page = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8');
      const [, input = '', config = ''] =
        /printf '(.*)' \| npx quorate up --temporary --config (\S+)/.exec(page) ?? [];
      const run = await quorate(['up', '--temporary', '--config', config], {
        cwd: ROOT,
        input: input.replaceAll('\\n', '\n'),
      });
      assert.deepEqual(
        { code: run.code, stdout: run.stdout },
        { code: 0, stdout: listingAfter(page, 'prints') },
      );
    });
  }

  for (const [name, file] of [
    ['ledger', 'ledger.sql'],
    ['leaderboard', 'leaderboard.redis'],
  ] as const) {
    it(`print what the page of ${name} says, on throw-away servers`, async () => {
      const page = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8');
      const args = ['up', '--temporary', '--config', join(EXAMPLES, name, 'config.yaml')];
      assert.ok(page.includes(`--config examples/${name}/config.yaml < examples/${name}/${file}`));
      const run = await quorate(args, { input: readFileSync(join(EXAMPLES, name, file)) });
      assert.deepEqual(
        { code: run.code, stdout: run.stdout, stderr: run.code === 0 ? '' : run.stderr },
        { code: 0, stdout: listingAfter(page, 'starts three throw-away'), stderr: '' },
      );
    });
  }

  it('print what the page of the embedded service says', async () => {
    const page = readFileSync(join(EXAMPLES, 'embedded', 'README.md'), 'utf8');
    const script = join(EXAMPLES, 'embedded', 'demo.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 50_000 });
    assert.equal(stdout, listingAfter(page, 'starts three such services'));
  });
});

describe('the counter of the examples', function () {
  this.timeout(60_000);

  it('refuses by its own rule, with the limit of its config file', async () => {
    const run = await quorate(
      ['up', '--temporary', '--nodes', '1', '--config', join(EXAMPLES, 'counter', 'config.yaml')],
      {
        input: 'add 100\nadd 1\n',
      },
    );
    assert.deepEqual([run.code, run.stdout], [1, '100\n']);
    assert.match(run.stderr, /\nquorate: line 2: REFUSED: OUT_OF_RANGE: 101 is not between 0 and 100\n/);
  });
});

describe('the page about writing a backend', function () {
  this.timeout(60_000);

  it('has listings that make a running counter', async () => {
    using directory = new TemporaryDirectory();
    const page = readFileSync(join(ROOT, 'docs', 'writing-a-backend.md'), 'utf8');
    mkdirSync(directory.file('my-counter'));
    symlinkSync(join(ROOT, 'node_modules'), directory.file('node_modules'), 'junction');
    writeFileSync(directory.file('my-counter/counter.mjs'), listingAfter(page, '`my-counter/counter.mjs`'));
    writeFileSync(directory.file('my-counter/config.yaml'), listingAfter(page, '`my-counter/config.yaml`'));
    const session = listingAfter(page, 'quorate up --temporary --config').split('\n');
    const lines = session.filter((line) => line.startsWith('quorate> '));
    const run = await quorate(['up', '--temporary', '--config', 'my-counter/config.yaml'], {
      cwd: directory.path,
      input: lines.map((line) => `${line.slice('quorate> '.length)}\n`).join(''),
    });
    assert.ok(lines.length > 0);
    const answers = session.filter((line) => !line.startsWith('quorate> ')).join('\n');
    assert.deepEqual({ code: run.code, stdout: run.stdout }, { code: 0, stdout: answers });
  });
});

/** The first listing that begins after the paragraph, or in the line behind the listing, in which `words` stand. */
function listingAfter(page: string, words: string): string {
  const [, listing] =
    /\n```\w*\n([^]*?)```\n/.exec(page.slice(page.indexOf(words) - 1).replace(/^[^\n]*\n```\n/, '')) ?? [];
  assert.ok(listing !== undefined, `no listing after ${words}`);
  return listing;
}
