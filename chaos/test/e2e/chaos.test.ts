/**
 * Purpose: real nodes under real faults for twenty seconds give a history that is linearizable, and a cluster that is
 * broken on purpose is found out by the same rig.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shrink, timeline } from '@quorate/sim';
import { runRound } from '#src/round.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const FORGETFUL = fileURLToPath(new URL('forgetful.js', import.meta.url));
const EXIT_VOID = 3;

describe('chaos', function () {
  this.timeout(240_000);

  it('ends with the plain line after twenty seconds', async () => {
    let run = await chaos('--seconds', '20');
    // On a machine that is busy with something else the load may be too small to mean anything.
    if (run.code === EXIT_VOID) run = await chaos('--seconds', '20');
    assert.equal(run.code, 0, `${run.stderr}\n${run.stdout}`);
    const last = run.stdout.trimEnd().split('\n').at(-1) ?? '';
    const [, operations, faults] = /^linearizable: yes \((\d+) operations, (\d+) faults\)$/.exec(last) ?? [];
    assert.ok(Number(operations) >= 6000, last);
    assert.ok(Number(faults) >= 2, last);
  });

  it('is void, and says so, when too little was asked', async () => {
    const run = await chaos('--seconds', '5', '--rate', '1000000', '--nodes', '3');
    assert.equal(run.code, EXIT_VOID, `${run.stderr}\n${run.stdout}`);
    assert.match(run.stdout, /linearizable: void, only \d+ /);
  });

  it('finds a backend that now and then forgets a write, and draws the proof', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-chaos-test-'));
    try {
      const plan = {
        number: 1,
        rounds: 1,
        seed: 1,
        seconds: 5,
        nodes: 3,
        backend: 'notebook',
        rate: 300,
        settings: { backend: FORGETFUL },
      } as const;
      const { report, once: tally, history } = await runRound(plan, directory, () => undefined);
      assert.equal(report.verdict, 'no');
      assert.ok(tally?.findings.some((finding) => /acknowledged write lost/.test(finding)));
      const [violation] = report.violations;
      assert.ok(violation !== undefined);
      assert.match(timeline(shrink(violation), history.faults), /<-- here/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('refuses wrong use with status 2', async () => {
    const run = await chaos('--nodes', '4');
    assert.deepEqual([run.code, run.stdout], [2, '']);
    assert.match(run.stderr, /--nodes is one of 3, 5, not "4"\nusage:/);
  });
});

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function chaos(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
