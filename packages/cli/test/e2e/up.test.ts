/**
 * Purpose: `quorate up` runs a whole cluster and leaves nothing behind, however it ends: end of input, a failed
 * line, a signal, or `kill -9` of itself.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { freePorts, poll } from '#src/spawn/index.ts';
import { quorate, spawnQuorate } from '../helpers/run-quorate.ts';
import { TemporaryDirectory } from '../helpers/temporary-directory.ts';

const GONE_TIMEOUT_MS = 15_000;
const READY_TIMEOUT_MS = 30_000;

describe('quorate up', function () {
  this.timeout(60_000);

  it('runs piped lines, stops, and keeps the data for the next time', async () => {
    using directory = new TemporaryDirectory();
    const ports = await configure(directory);
    const first = await quorate(['up'], {
      cwd: directory.path,
      input: 'set some_key the_value\nget some_key\n',
    });
    assert.deepEqual([first.code, first.stdout], [0, 'the_value\nthe_value\n']);
    assert.match(
      first.stderr,
      /^3 nodes run, data in .*\n(?: {2}node \d {2}127\.0\.0\.1:\d+ {2}pid \d+(?: {2}leader)?\n){3}$/,
    );
    assertGone(pidsIn(first.stderr));
    const second = await quorate(['up'], {
      cwd: directory.path,
      input: 'get some_key\nfrob\nget some_key\n',
    });
    assert.deepEqual([second.code, second.stdout], [2, 'the_value\n']);
    assert.match(second.stderr, /\nquorate: line 2: PARSE: /);
    assertGone(pidsIn(second.stderr));
    for (const node of [1, 2, 3])
      assert.match(readFileSync(directory.file(`data/node-${node}.log`), 'utf8'), /"msg":"stopped"/);
    assert.equal(ports.length, 3);
  });

  it('throws a temporary cluster away', async () => {
    using directory = new TemporaryDirectory();
    const run = await quorate(['up', '--temporary', '--nodes', '1'], {
      cwd: directory.path,
      input: 'set k v\n',
    });
    assert.deepEqual([run.code, run.stdout], [0, 'v\n']);
    const [, data = ''] = /data in (\S+),/.exec(run.stderr) ?? [];
    assert.match(data, /quorate-up-/);
    assert.equal(existsSync(data), false);
    assert.equal(existsSync(directory.file('data')), false);
  });

  it('stops at a signal', async () => {
    using directory = new TemporaryDirectory();
    await configure(directory);
    for (const [signal, args, code] of [
      ['SIGTERM', ['--no-repl'], 0],
      ['SIGINT', ['--no-repl'], 0],
      ['SIGINT', [], 130],
      ['SIGTERM', [], 1],
    ] as const) {
      const up = await ready(spawnQuorate(['up', ...args], { cwd: directory.path }));
      up.child.kill(signal);
      const [exitCode] = (await once(up.child, 'close')) as [number | null];
      assert.equal(exitCode, code, `${signal} ${args.join(' ')}`);
      assertGone(up.pids);
    }
  });

  it('stops, and tidies up, when nobody reads its output any more', async () => {
    using directory = new TemporaryDirectory();
    const up = await ready(spawnQuorate(['up', '--temporary'], { cwd: directory.path }));
    up.child.stdout?.destroy();
    up.child.stdin?.on('error', () => undefined);
    up.child.stdin?.write('set k v\nget k\nget k\n');
    const [exitCode] = (await once(up.child, 'close')) as [number | null];
    assert.equal(exitCode, 0);
    assertGone(up.pids);
    assert.notEqual(up.data, '');
    assert.equal(existsSync(up.data), false);
  });

  it('takes its nodes along when it is killed', async () => {
    using directory = new TemporaryDirectory();
    await configure(directory);
    const up = await ready(spawnQuorate(['up', '--no-repl'], { cwd: directory.path }));
    assert.equal(up.pids.length, 3);
    up.child.kill('SIGKILL');
    await poll(
      () => (up.pids.some(isAlive) ? undefined : true),
      GONE_TIMEOUT_MS,
      () => new Error(`still there: ${up.pids.filter(isAlive).join(' ')}`),
    );
  });

  it('leaves nothing temporary behind, whatever ends it', async () => {
    using directory = new TemporaryDirectory();
    for (const signals of [['SIGHUP'], ['SIGTERM', 'SIGTERM'], ['SIGKILL']] as const) {
      const up = await ready(spawnQuorate(['up', '--temporary', '--no-repl'], { cwd: directory.path }));
      assert.ok(existsSync(up.data), up.data);
      for (const signal of signals) up.child.kill(signal);
      await poll(
        () => (up.pids.some(isAlive) || existsSync(up.data) ? undefined : true),
        GONE_TIMEOUT_MS,
        () => new Error(`after ${signals.join()}: ${up.data}, ${up.pids.filter(isAlive).join(' ')}`),
      );
    }
  });

  it('says which address is taken before it starts anything', async () => {
    using directory = new TemporaryDirectory();
    const [, port = 0] = await configure(directory);
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      const run = await quorate(['up'], { cwd: directory.path });
      assert.equal(run.code, 1);
      assert.equal(
        run.stderr,
        `quorate: ADDRESS_IN_USE: 127.0.0.1:${port}: another process listens there; is this cluster running already?\n`,
      );
      assert.equal(existsSync(directory.file('data')), false);
    } finally {
      server.close();
    }
  });

  it('fails with the words of a node that cannot start', async () => {
    using directory = new TemporaryDirectory();
    await configure(directory, 'backend: ./broken.mjs\n');
    const run = await quorate(['up'], { cwd: directory.path });
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /^quorate: node \d: CONFIG_INVALID: backend .*broken\.mjs: there is no such file\n/,
    );
  });
});

async function configure(directory: TemporaryDirectory, rest = ''): Promise<number[]> {
  const ports = await freePorts(3);
  writeFileSync(
    directory.file('config.yaml'),
    `addrs:\n${ports.map((port) => `  - 127.0.0.1:${port}\n`).join('')}${rest}`,
  );
  return ports;
}

type Up = { readonly child: ChildProcess; readonly pids: readonly number[]; readonly data: string };

/** Waits until the nodes are listed with their leader. The child is ended by the test, or here when that fails. */
async function ready(child: ChildProcess): Promise<Up> {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const isReady = (): true | undefined =>
    / {2}leader\n/.test(text) && pidsIn(text).length === 3 ? true : undefined;
  try {
    await poll(isReady, READY_TIMEOUT_MS, () => new Error(`not ready: ${text}`));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { child, pids: pidsIn(text), data: /data in (\S+),/.exec(text)?.[1] ?? '' };
}

function pidsIn(text: string): number[] {
  return [...text.matchAll(/ pid (\d+)/g)].map(([, pid]) => Number(pid));
}

function assertGone(pids: readonly number[]): void {
  assert.deepEqual(pids.filter(isAlive), []);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: no such process.
  }
}
