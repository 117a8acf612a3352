/**
 * Purpose: what a person sees of the REPL on the screen of a terminal: prompt, quoted values, history, completion
 * and help, Ctrl-C at the prompt and during a command, and a clean end by Ctrl-D.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cleanEnvironment, QUORATE } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';
import { hasTerminal } from '../helpers/terminal.ts';
import { useScene } from './support/scene.ts';
import { hasTmux, KEYS, TmuxTerminal } from './support/terminal.ts';

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const EMPTY_PROMPT = /\nquorate>$/;

if (!hasTmux()) {
  describe('the REPL on a screen', () => {
    it('needs tmux', () => {
      console.log('      NOT TESTED: what the REPL shows on a screen, for want of tmux');
      // Its bytes are looked at through `script` then (terminal.test.ts). Without that either, nothing is.
      assert.ok(hasTerminal() || process.env['CI'] !== 'true', 'neither tmux nor script is installed');
    });
  });
} else {
  describe('the REPL on a screen', function () {
    this.timeout(60_000);
    const scene = useScene({ nodes: 1 });
    const directory = new TemporaryDirectory();
    let terminal: TmuxTerminal | undefined;
    const at = (): TmuxTerminal => terminal ?? assert.fail('no terminal is open');

    beforeEach(async () => {
      const env = cleanEnvironment({ QUORATE_HISTORY: directory.file('history'), NO_COLOR: '1' });
      const command = [process.execPath, QUORATE, 'repl', scene().cluster.addr(1)];
      terminal = await TmuxTerminal.open({ command, directory: directory.path, env });
      await at().see(EMPTY_PROMPT);
    });
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') console.log(await terminal?.screen());
      await terminal?.close();
    });
    after(() => directory[Symbol.dispose]());

    /** Types a line that was not typed before and gives what is between it and the next prompt. */
    async function ask(line: string): Promise<string> {
      await at().type(`${line}${KEYS.enter}`);
      const echo = `quorate> ${line}\n`;
      const screen = await at().see(new RegExp(`${escaped(echo)}[^]*\\nquorate>$`));
      return screen.slice(screen.lastIndexOf(echo) + echo.length, screen.lastIndexOf('\nquorate>'));
    }

    it('answers quoted values, nil, refusals and help', async () => {
      assert.match(
        await ask(`set 'a key' "two words\\nand a line"`),
        /^"two words\\nand a line" {2}\(\d+\.\d ms\)$/,
      );
      assert.match(await ask('get "a key"'), /^"two words\\nand a line" {2}\(/);
      assert.match(await ask('get nothing'), /^\(nil\) {2}\(/);
      assert.match(await ask('frob'), /^PARSE: /);
      assert.match(await ask('set "open'), /^PARSE: /);
      assert.match(await ask('help'), /get KEY .*\n[\s\S]*Ctrl-C clears the line/);
      assert.match(await ask('status'), /\n +1 .* leader .*\n/);
    });

    it('remembers lines, and from one run to the next', async () => {
      await ask('set remembered 1');
      await ask('get remembered');
      await at().type(KEYS.up + KEYS.up);
      await at().see(/\nquorate> set remembered 1$/);
      await at().type(`0${KEYS.enter}`);
      await at().see(/\nquorate> set remembered 10\n10 {2}\(.*\nquorate>$/);
      await at().type(KEYS.ctrlD);
      await at().see(/left with 0$/);
      assert.match(readFileSync(directory.file('history'), 'utf8'), /get remembered\nset remembered 10\n$/);
    });

    it('has the lines of the run before', async () => {
      await at().type(KEYS.up);
      await at().see(/\nquorate> set remembered 10$/);
    });

    it('completes words by Tab', async () => {
      await at().type('he');
      await at().see(/\nquorate> he$/);
      await at().type(KEYS.tab);
      await at().see(/\nquorate> help$/);
      await at().type(KEYS.ctrlC);
      await at().see(EMPTY_PROMPT);
      await at().type('ge');
      await at().see(/\nquorate> ge$/);
      await at().type(KEYS.tab);
      await at().see(/\nquorate> get$/);
      await at().type('k');
      await at().see(/\nquorate> get k$/);
    });

    it('forgets the line at Ctrl-C and goes on', async () => {
      await at().type('set never here');
      await at().see(/\nquorate> set never here$/);
      await at().type(KEYS.ctrlC);
      await at().see(/\nquorate> \^C\nquorate>$/);
      assert.match(await ask('get never'), /^\(nil\)/);
    });

    it('gives up waiting for a command at Ctrl-C, and says what is known', async () => {
      const { cluster } = scene();
      await ask('set waiting 1');
      cluster.pause(1);
      await at().type(`set waiting 2${KEYS.enter}`);
      await at().see(/\nquorate> set waiting 2$/);
      await at().type(KEYS.ctrlC);
      await at().see(/\nABORTED: .*not known.*\nquorate>$/);
      cluster.resume(1);
      assert.match(await ask('get waiting'), /^[12] {2}\(/);
    });

    for (const [how, keys] of [
      ['Ctrl-D', KEYS.ctrlD],
      ['exit', `exit${KEYS.enter}`],
      ['quit', `quit${KEYS.enter}`],
    ] as const) {
      it(`is left by ${how} with status 0`, async () => {
        await at().type(keys);
        const screen = await at().see(/left with \d+$/);
        assert.match(screen, /\nleft with 0$/);
        assert.doesNotMatch(screen, /Error|at .*\.[jt]s:/);
      });
    }
  });
}
