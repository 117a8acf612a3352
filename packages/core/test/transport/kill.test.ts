// A peer that is killed with SIGKILL is noticed from its closing sockets, in milliseconds and not by a time-out,
// and its next life is connected again.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TestNode } from './harness.ts';
import { Relay } from './strangers.ts';

const LONE_NODE = fileURLToPath(new URL('./lone-node.js', import.meta.url));
/** The idle time-out is 10 s and the shortest election time-out 1 s: this can only be met by the socket's end. */
const NOTICED_WITHIN_MS = 500;

async function launch(incarnation: number): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(LONE_NODE, [String(incarnation)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  assert.ok(child.stdout !== null);
  const line: unknown = (await once(child.stdout, 'data')).at(0);
  return { child, port: Number(String(line)) };
}

describe('a peer that is killed', () => {
  it('is down at once, with frames under way, and up again in its next life', async () => {
    const relay = new Relay();
    const first = await launch(1);
    relay.targetPort = first.port;
    const children = [first.child];
    const one = await new TestNode({ node: 1, addresses: { 2: await relay.start() } }).start();
    try {
      await one.saw('up 2');
      for (let index = 0; index < 100; index++) one.send(2, 'bulk', 'x'.repeat(100_000));
      const killedMs = performance.now();
      first.child.kill('SIGKILL');
      await one.saw('down 2');
      const noticedMs = performance.now() - killedMs;
      assert.ok(noticedMs < NOTICED_WITHIN_MS, `noticed after ${noticedMs.toFixed(1)} ms`);
      const second = await launch(2);
      children.push(second.child);
      relay.targetPort = second.port;
      await one.saw('up 2', 2);
      assert.deepEqual(one.events, ['up 2', 'down 2', 'up 2']);
      assert.equal(one.transport.links()[0]?.incarnation, 2);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await one.stop();
      await relay.stop();
    }
  });

  it('is down at once when nothing is under way', async () => {
    const { child, port } = await launch(1);
    const one = await new TestNode({ node: 1, addresses: { 2: `127.0.0.1:${port}` } }).start();
    try {
      await one.saw('up 2');
      const killedMs = performance.now();
      child.kill('SIGKILL');
      await one.saw('down 2');
      const noticedMs = performance.now() - killedMs;
      assert.ok(noticedMs < NOTICED_WITHIN_MS, `noticed after ${noticedMs.toFixed(1)} ms`);
    } finally {
      child.kill('SIGKILL');
      await one.stop();
    }
  });
});
