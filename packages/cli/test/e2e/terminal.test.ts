/**
 * Purpose: the REPL at a real terminal: prompt, timing, completion, history, Ctrl-C in an empty line, a typed line
 * and a running command, news from elsewhere around the prompt, Ctrl-D at the end.
 */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { poll } from '#src/spawn/index.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';
import { hasTerminal, KEY, Terminal } from '../helpers/terminal.ts';

/** Nothing follows it but, perhaps, where the cursor goes. */
const PROMPT = /quorate> (?:.\[\d+G)?$/;

describe('the REPL at a terminal', function () {
  this.timeout(90_000);

  it('works as a person expects', async () => {
    if (!hasTerminal()) return;
    using directory = new TemporaryDirectory();
    const env = { QUORATE_HISTORY: directory.file('history') };
    const args = ['up', '--temporary', '--nodes', '1'];
    await using terminal = new Terminal(args, { cwd: directory.path, env });
    const [, pidText = ''] = await terminal.waitFor(/pid (\d+) {2}leader/);
    const pid = Number(pidText);
    await terminal.waitFor(PROMPT);

    terminal.type(`set k "two words"${KEY.enter}`);
    await terminal.waitFor(/\ntwo words {2}.*\(\d+\.\d ms\)/);
    await terminal.waitFor(PROMPT);
    terminal.type(`get none${KEY.enter}`);
    await terminal.waitFor(/\(nil\)/);
    terminal.type(`frob${KEY.enter}`);
    await terminal.waitFor(/PARSE: unknown command "frob"/);
    await terminal.waitFor(PROMPT);
    // Keys that arrive together are taken for a paste, in which a tab is a tab.
    terminal.type('stat');
    await terminal.waitFor(/stat/);
    terminal.type(KEY.tab);
    await terminal.waitFor(/us/);
    terminal.type(KEY.enter);
    await terminal.waitFor(/1 of 1 nodes answer, node 1 leads/);
    await terminal.waitFor(PROMPT);
    terminal.type(`set k never${KEY.ctrlC}`);
    await terminal.waitFor(/\^C\r*\n/);
    terminal.type(`${KEY.ctrlC}get k${KEY.enter}`);
    await terminal.waitFor(/\ntwo words {2}/);
    await terminal.waitFor(PROMPT);

    process.kill(pid, 'SIGSTOP');
    terminal.type(`set k later${KEY.enter}`);
    await terminal.waitFor(/later\r*\n/);
    terminal.type(KEY.ctrlC);
    await terminal.waitFor(/ABORTED: the call was aborted; /);
    await terminal.waitFor(PROMPT);
    process.kill(pid, 'SIGCONT');

    terminal.type(`${KEY.up}${KEY.up}${KEY.enter}`);
    await terminal.waitFor(/get k.*\n(?:two words|later) {2}/s);
    await terminal.waitFor(PROMPT);
    process.kill(pid, 'SIGKILL');
    await terminal.waitFor(/node 1 ended: SIGKILL\r*\n/);
    await terminal.waitFor(PROMPT);
    terminal.type(KEY.ctrlD);
    assert.equal(await terminal.end(), 0);
    assert.equal(statSync(directory.file('history')).mode & 0o777, 0o600);
  });

  it('lets the command that runs end before it leaves', async () => {
    if (!hasTerminal()) return;
    using directory = new TemporaryDirectory();
    await using terminal = new Terminal(['up', '--temporary', '--nodes', '1'], { cwd: directory.path });
    await terminal.waitFor(PROMPT);
    terminal.type(`set k value${KEY.enter}get k${KEY.enter}${KEY.ctrlD}`);
    await terminal.waitFor(/\nvalue {2}[^]*\nvalue {2}/);
    assert.equal(await terminal.end(), 0);
  });

  it('stops its nodes when the terminal is closed', async () => {
    if (!hasTerminal()) return;
    using directory = new TemporaryDirectory();
    let pid = 0;
    {
      await using terminal = new Terminal(['up', '--temporary', '--nodes', '1'], { cwd: directory.path });
      const [, text = ''] = await terminal.waitFor(/pid (\d+) {2}leader/);
      pid = Number(text);
      await terminal.waitFor(PROMPT);
    }
    await poll(
      () => (isAlive(pid) ? undefined : true),
      15_000,
      () => new Error(`node ${pid} is still there`),
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: no such process.
  }
}
