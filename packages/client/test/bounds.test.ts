/** Everything has a bound: commands and bytes in flight, the session window, the queue, the size of a command. */
import assert from 'node:assert/strict';
import type { QuorateClient } from '@quorate/client';
import { type FakeConnection, failure, type RequestFrame, until } from './fake-cluster.ts';
import { ManualClock } from './manual-clock.ts';
import { World } from './world.ts';

describe('bounds', () => {
  let world: World;
  /** Requests that node 1 has not answered yet. */
  let open: { readonly frame: RequestFrame; readonly connection: FakeConnection }[];
  beforeEach(async () => {
    world = await World.start(1);
    open = [];
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      open.push({ frame, connection });
      return true;
    };
  });
  afterEach(() => world.stop());

  const openCount = (): number => open.reduce((sum, { frame }) => sum + frame.commands.length, 0);

  function serveOne(): void {
    const first = open.shift();
    first?.connection.serve(first.frame);
  }

  async function serveAll(client: QuorateClient): Promise<void> {
    await until('everything is answered', () => {
      serveOne();
      return client.pending === 0;
    });
  }

  it('of commands in flight: the others wait and go as places become free', async () => {
    const client = world.client({ maxInFlight: 5 });
    const calls = Array.from({ length: 12 }, (_, index) => client.get(`k${index}`));
    await until('five are there', () => openCount() === 5);
    assert.equal(client.inFlight, 5);
    assert.equal(client.pending, 12);
    serveOne();
    await until('five more are there', () => openCount() === 5);
    await serveAll(client);
    await Promise.all(calls);
    assert.deepEqual(
      world.cluster.node(1).requests.map((frame) => frame.commands.length),
      [5, 5, 2],
    );
  });

  it('of bytes in flight: one larger command goes alone', async () => {
    const client = world.client({ maxInFlightBytes: 1000 });
    const calls = [300, 300, 5000, 300, 300].map((size, index) => client.set(`k${index}`, 'x'.repeat(size)));
    await until('two are there', () => openCount() === 2);
    await serveAll(client);
    await Promise.all(calls);
    assert.deepEqual(
      world.cluster.node(1).requests.map((frame) => frame.commands.length),
      [2, 1, 2],
    );
  });

  it('of the queue: one more is refused at once and was not executed', async () => {
    const client = world.client({ maxInFlight: 2, maxQueued: 3 });
    const calls = Array.from({ length: 5 }, () => client.set('k', 'v'));
    const error = await failure(client.set('k', 'v'));
    assert.deepEqual([error.code, error.outcome, error.retryable], ['OVERLOADED', 'none', true]);
    await serveAll(client);
    await Promise.all(calls);
    assert.equal(world.cluster.executed.length, 5);
  });

  it('of pending bytes: one more is refused at once and was not executed', async () => {
    const client = world.client({ maxPendingBytes: 1000 });
    const calls = [client.set('k', 'x'.repeat(400)), client.set('k', 'x'.repeat(400))];
    const error = await failure(client.set('k', 'x'.repeat(400)));
    assert.deepEqual([error.code, error.outcome], ['OVERLOADED', 'none']);
    await serveAll(client);
    await Promise.all(calls);
    const again = client.set('k', 'x'.repeat(400));
    await serveAll(client);
    await again;
  });

  it('of the session window: no sequence goes out 4096 above the lowest open one', async () => {
    const client = world.client({ maxInFlight: 4096 });
    const slow = client.set('slow', '1');
    await until('it was sent', () => openCount() === 1);
    const held = open.shift();
    const calls = Array.from({ length: 6000 }, () => client.get('k'));
    const lowest = held?.frame.commands[0]?.sequence ?? 0;
    const highest = (): number => world.cluster.node(1).requests.at(-1)?.commands.at(-1)?.sequence ?? 0;
    await until('the window is exhausted', () => {
      serveOne();
      return client.inFlight === 1 && highest() > lowest + 4000;
    });
    await world.cluster.node(1).roundTrip();
    assert.equal(client.inFlight, 1, 'nothing more goes out');
    assert.ok(highest() - lowest < 4096, `${highest()} went out while ${lowest} was open`);
    held?.connection.serve(held.frame);
    await serveAll(client);
    await Promise.all([slow, ...calls]);
  });

  it('of what aborted calls leave behind: a caller in a loop cannot exhaust the memory behind an old command', async () => {
    const client = world.client({ maxQueued: 100, maxInFlight: 10, clock: new ManualClock() });
    const slow = client.set('slow', '1');
    await until('it was sent', () => openCount() === 1);
    let refused = 0;
    for (let index = 0; index < 4500; index++) {
      const abort = new AbortController();
      const call = failure(client.get('k', { signal: abort.signal }));
      abort.abort();
      if ((await call).code === 'OVERLOADED') refused += 1;
    }
    assert.ok(refused > 100, `${refused} were refused`);
    await serveAll(client);
    await slow;
    const last = client.get('k');
    await serveAll(client);
    await last;
  });

  it('of the size of a command: a larger one is refused here, a line may be longer than what it spells', async () => {
    world.cluster.maxCommandBytes = 100;
    const client = world.client();
    const error = await failure(client.set('k', 'x'.repeat(100)));
    assert.deepEqual([error.code, error.outcome, error.retryable], ['TOO_LARGE', 'none', false]);
    assert.equal(openCount(), 0);
    const line = client.exec(`SET k ${'x'.repeat(200)}`, { consistency: 'linearizable' });
    const long = failure(client.exec(`SET k ${'x'.repeat(2 ** 21 + 100)}`));
    await until('the line is there', () => openCount() === 1);
    assert.equal((await long).code, 'TOO_LARGE');
    serveOne();
    assert.equal((await failure(line)).code, 'ARGUMENT', 'the node judges it');
  });

  it('of the size of a frame from a node', async () => {
    const client = world.client({ maxFrameBytes: 1024, timeoutMs: 60 });
    const call = failure(client.get('k'));
    await until('it was sent', () => openCount() === 1);
    open[0]?.connection.sendRaw(new Uint8Array(2000));
    assert.equal((await call).code, 'TIMEOUT');
    const lost = world.events.find(([name]) => name === 'disconnect');
    assert.ok(lost?.[0] === 'disconnect' && /max payload size exceeded/i.test(lost[1].reason));
  });
});
