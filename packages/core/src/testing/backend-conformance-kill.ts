/**
 * A process that applies slot after slot and is killed (`kill -9`) at moments that nobody chose, again and again over the
 * same directory. Finds what a crash between two turns of the event loop cannot: stores that work in one go, such as
 * files and embedded databases.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { History } from './backend-conformance-crash.ts';
import type { Bench, StoreRun } from './backend-conformance-kit.ts';
import { type BackendRule, NotChecked } from './backend-conformance-rule.ts';
import type { VictimOrders } from './backend-conformance-victim.ts';

const KILLS = 8;
const SLOTS_PER_LIFE = 60;
const COMMANDS_PER_SLOT = 4;
/** A process that says nothing for so long will not say anything. */
const PATIENCE_MS = 30_000;

export const KILL_RULES: readonly BackendRule[] = [
  {
    name: 'KILL-ANY-TIME',
    claim:
      'a process killed at any moment leaves a store at a whole slot, with the state and results of that slot',
    async check(bench) {
      const { module } = bench.subject;
      if (module === undefined) throw new NotChecked('the subject names no module for a process of its own');
      let run = await bench.open();
      if (run.backend.durability === 'volatile')
        throw new NotChecked('nothing of a volatile backend outlives it');
      if (bench.subject.reopen === undefined) throw new NotChecked('the subject has no reopen');
      const history = new History(await bench.open());
      const log: string[][] = [];
      for (let kill = 1; kill <= KILLS; kill++) {
        while (log.length < run.mark.slot + SLOTS_PER_LIFE) log.push(await nextSlot(bench, run, history));
        await bench.end(run);
        await killSomewhere(bench, { module, run, log });
        const { run: next, image } = await bench.reopen(run);
        await history.judge(next, image, `kill ${kill}`);
        run = next;
      }
      await history.catchUp(run);
    },
  },
];

/** The bytes of a slot's commands, in hexadecimal digits. */
async function nextSlot(bench: Bench, run: StoreRun, history: History): Promise<string[]> {
  const inputs = await bench.writes(run, COMMANDS_PER_SLOT);
  await history.next(run, inputs);
  return inputs.map((input) => Buffer.from(run.bytesOf(input)).toString('hex'));
}

type Life = { readonly module: string; readonly run: StoreRun; readonly log: readonly string[][] };

/** Kills it as the n-th slot is told, plus a part of the time that a slot takes. */
async function killSomewhere(bench: Bench, { module, run, log }: Life): Promise<void> {
  const path = join(run.directory, 'conformance-log.json');
  const orders: VictimOrders = {
    module,
    options: bench.subject.options,
    directory: run.directory,
    log: path,
  };
  writeFileSync(path, JSON.stringify(log));
  const child = fork(fileURLToPath(new URL('./backend-conformance-victim.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const killAt = bench.random.between(1, SLOTS_PER_LIFE - 1);
  const spins = bench.random.below(200_000);
  try {
    await new Promise<void>((resolve, reject) => {
      let complaint = '';
      const timer = setTimeout(() => reject(new Error('the process said nothing')), PATIENCE_MS);
      child.stderr?.on('data', (text: Buffer) => {
        complaint = `${complaint}${text.toString()}`.slice(-2000);
      });
      let told = 0;
      child.on('message', () => {
        if (++told !== killAt) return;
        for (let spin = 0; spin < spins; spin++);
        child.kill('SIGKILL');
      });
      child.once('exit', () => {
        clearTimeout(timer);
        if (complaint === '') resolve();
        else reject(new assert.AssertionError({ message: `the process ended by itself: ${complaint}` }));
      });
      child.send(orders);
    });
  } finally {
    if (isRunning(child)) child.kill('SIGKILL');
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
