/**
 * Purpose: the REPL at a real terminal: prompt, quoted values, history, completion and help, Ctrl-C at the prompt
 * and during a command, and a clean end by Ctrl-D.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cleanEnvironment, QUORATE } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';
import { useScene } from './support/scene.ts';
import { KEYS, openTerminal, see, type Terminal, terminalTool } from './support/terminal.ts';

const tool = terminalTool();
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const EMPTY_PROMPT = /\nquorate>$/;

if (tool === undefined) {
  describe('the REPL at a terminal', () => {
    it('needs tmux or script, and this machine has neither', () => {
      const message = 'NOT TESTED: the REPL at a terminal, for want of tmux and of script (util-linux)';
      console.log(`      ${message}`);
      assert.notEqual(process.env['CI'], 'true', message);
    });
  });
} else {
  describe(`the REPL at a terminal (${tool})`, function () {
    this.timeout(60_000);
    const scene = useScene({ nodes: 1 });
    const directory = new TemporaryDirectory();
    let terminal: Terminal | undefined;
    const at = (): Terminal => terminal ?? assert.fail('no terminal is open');

    beforeEach(async () => {
      const env = cleanEnvironment({ QUORATE_HISTORY: directory.file('history'), NO_COLOR: '1' });
      const command = [process.execPath, QUORATE, 'repl', scene().cluster.addr(1)];
      terminal = await openTerminal(tool, { command, directory: directory.path, env });
      await see(at(), EMPTY_PROMPT);
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
      const screen = await see(at(), new RegExp(`${escaped(echo)}[^]*\\nquorate>$`));
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
      await see(at(), /\nquorate> set remembered 1$/);
      await at().type(`0${KEYS.enter}`);
      await see(at(), /\nquorate> set remembered 10\n10 {2}\(.*\nquorate>$/);
      await at().type(KEYS.ctrlD);
      await see(at(), /left with 0$/);
      assert.match(readFileSync(directory.file('history'), 'utf8'), /get remembered\nset remembered 10\n$/);
    });

    it('has the lines of the run before', async () => {
      await at().type(KEYS.up);
      await see(at(), /\nquorate> set remembered 10$/);
    });

    it('completes words by Tab', async () => {
      await at().type('he');
      await see(at(), /\nquorate> he$/);
      await at().type(KEYS.tab);
      await see(at(), /\nquorate> help$/);
      await at().type(KEYS.ctrlC);
      await see(at(), EMPTY_PROMPT);
      await at().type('ge');
      await see(at(), /\nquorate> ge$/);
      await at().type(KEYS.tab);
      await see(at(), /\nquorate> get$/);
      await at().type('k');
      await see(at(), /\nquorate> get k$/);
    });

    it('forgets the line at Ctrl-C and goes on', async () => {
      await at().type('set never here');
      await see(at(), /\nquorate> set never here$/);
      await at().type(KEYS.ctrlC);
      await see(at(), /\nquorate> \^C\nquorate>$/);
      assert.match(await ask('get never'), /^\(nil\)/);
    });

    it('gives up waiting for a command at Ctrl-C, and says what is known', async () => {
      const { cluster } = scene();
      await ask('set waiting 1');
      cluster.pause(1);
      await at().type(`set waiting 2${KEYS.enter}`);
      await see(at(), /\nquorate> set waiting 2$/);
      await at().type(KEYS.ctrlC);
      await see(at(), /\nABORTED: .*not known.*\nquorate>$/);
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
        const screen = await see(at(), /left with \d+$/);
        assert.match(screen, /\nleft with 0$/);
        assert.doesNotMatch(screen, /Error|at .*\.[jt]s:/);
      });
    }
  });
}
