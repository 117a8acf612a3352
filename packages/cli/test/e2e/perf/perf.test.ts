/** Purpose: `quorate perf` measures a real cluster through real faults, loses nothing, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PerfReport } from '#src/perf/report.ts';

const QUORATE = fileURLToPath(new URL('../../../bin/quorate.mjs', import.meta.url));

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

describe('quorate perf', function () {
  this.timeout(90_000);
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'quorate-perf-test-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** The throw-away cluster goes below `directory`, so that what it leaves behind can be seen. */
  function perf(...args: string[]): Promise<Ended> {
    return new Promise((resolve) => {
      const options = { env: { ...process.env, TMPDIR: directory }, cwd: directory };
      execFile(process.execPath, [QUORATE, 'perf', ...args], options, (error, stdout, stderr) => {
        resolve({
          code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
          stdout,
          stderr,
        });
      });
    });
  }

  it('kills a follower and the leader on the way and reads every acknowledged write back', async () => {
    const svg = join(directory, 'run.svg');
    const kills = ['--kill', 'follower@20', '--kill', 'leader@60'];
    const { code, stdout, stderr } = await perf(
      '--spawn',
      '5',
      '--requests',
      '600',
      ...kills,
      '--svg',
      svg,
      '-w',
      'json',
    );
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as PerfReport;
    assert.equal(report.operations + report.errors + report.unknown, 600);
    assert.equal(report.kills?.length, 2);
    assert.deepEqual(
      { ...report.verified, keys: 0 },
      { keys: 0, acknowledgedWrites: report.operations, lost: 0, examples: [] },
    );
    const { p50, p90, p99, p999, max } = report.latencyMs;
    assert.ok(0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max * 1.001);
    assert.match(readFileSync(svg, 'utf8'), /kill -9 node \d/);
    assert.deepEqual(readdirSync(directory), ['run.svg']);
  });

  it('measures how long the cluster is silent when its leader is killed', async () => {
    const { code, stdout, stderr } = await perf(
      '--spawn',
      '3',
      '--failover',
      '2',
      '--clients',
      '4',
      '-w',
      'json',
    );
    assert.equal(code, 0, stderr);
    const { gapsMs = [], medianMs, maxMs, verified } = JSON.parse(stdout) as PerfReport;
    assert.equal(gapsMs.length, 2);
    assert.ok(gapsMs.every((gapMs) => gapMs > 0));
    assert.equal(maxMs, Math.max(...gapsMs));
    // Of two it lies halfway between them.
    assert.ok(Math.abs((medianMs ?? 0) - ((gapsMs[0] ?? 0) + (gapsMs[1] ?? 0)) / 2) < 0.01);
    assert.equal(verified?.lost, 0);
  });

  it('reads and writes over several connections, for people', async () => {
    const args = [
      '--clients',
      '32',
      '--connections',
      '4',
      '--duration',
      '300ms',
      '--warmup',
      '100ms',
      '--mix',
      'set=1,get=3',
    ];
    const { code, stdout, stderr } = await perf('--spawn', '1', ...args);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^load {8}32 operations in flight over 4 connections, closed loop, set=1,get=3, values of 100 B$/m,
    );
    assert.match(stdout, /^throughput {2}\d+ operations\/s$/m);
    assert.match(stdout, /worst latency over time/);
  });

  it('says what is wrong with its options before it starts anything', async () => {
    const { code, stdout, stderr } = await perf('--spawn', '3', '--kill', '7@50');
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 2, stdout: '', stderr: 'quorate: ARGUMENT: --kill: there is no node 7, only 1 to 3\n' },
    );
  });

  it('cannot measure a cluster that is not there', async () => {
    const { code, stderr } = await perf('--endpoints', '127.0.0.1:1', '--requests', '1', '--timeout', '1s');
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^quorate: CANNOT_CONNECT: /);
  });
});
