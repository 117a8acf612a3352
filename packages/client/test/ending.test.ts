/** The end of a client, politely and at once; events that come and those that must not hurt. */
import assert from 'node:assert/strict';
import { createClient } from '@quorate/client';
import { failure, until } from './fake-cluster.ts';
import { ManualClock } from './manual-clock.ts';
import { World } from './world.ts';

describe('the end of a client', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('close waits for what is in flight, closes the session and the sockets, and refuses new calls', async () => {
    const client = world.client();
    await client.set('warm', 'up');
    const releases: (() => void)[] = [];
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      releases.push(() => connection.serve(frame));
      return true;
    };
    const calls = [client.set('a', '1'), client.get('a')];
    const closed = client.close();
    assert.equal(client.close(), closed, 'closing twice is closing once');
    const late = await failure(client.get('a'));
    assert.deepEqual([late.code, late.outcome], ['CLOSED', 'none']);
    await until('both requests came', () => releases.length === 2);
    for (const release of releases) release();
    assert.deepEqual(await Promise.all(calls), ['1', '1']);
    await closed;
    assert.equal(world.cluster.sessions.size, 0);
    await until('the sockets are closed', () => world.cluster.node(1).connections.size === 0);
    assert.deepEqual(world.names().slice(-2), ['disconnect', 'close']);
  });

  it('close gives up, truthfully, what is not answered in time', async () => {
    const clock = new ManualClock();
    const client = world.client({ clock, closeTimeoutMs: 100 });
    world.cluster.node(1).script = (frame) => frame.kind === 'request';
    const write = failure(client.set('a', '1'));
    await until('the request came', () => world.cluster.node(1).requests.length === 1);
    world.cluster.node(1).script = (frame) => frame.kind === 'close-session';
    const closed = client.close();
    clock.advance(100);
    const error = await write;
    assert.deepEqual([error.code, error.outcome], ['CLOSED', 'unknown']);
    await until('the session is being closed', () =>
      world.cluster.node(1).frames.some((frame) => frame.kind === 'close-session'),
    );
    clock.advance(1000);
    await closed;
    assert.equal(clock.pending, 0, 'no timer is left');
  });

  it('destroy gives everything up at once, also during a close', async () => {
    const client = world.client();
    await client.set('warm', 'up');
    world.cluster.node(1).script = (frame) => frame.kind !== 'hello';
    const sent = failure(client.set('a', '1'));
    await until('the request came', () => world.cluster.node(1).requests.length === 2);
    const unsent = failure(client.set('a', '2'));
    const closed = client.close();
    client.destroy();
    client.destroy();
    assert.deepEqual([(await sent).code, (await sent).outcome], ['CLOSED', 'unknown']);
    assert.deepEqual([(await unsent).code, (await unsent).outcome], ['CLOSED', 'none']);
    await closed;
    await client.close();
    assert.equal(world.names().filter((name) => name === 'close').length, 1);
    await until('the socket is cut', () => world.cluster.node(1).connections.size === 0);
  });

  it('a client that was never used ends at once', async () => {
    const client = createClient({ endpoints: '127.0.0.1:1' });
    await client.close();
    assert.equal((await failure(client.get('a'))).code, 'CLOSED');
  });

  it('a client is an async disposable', async () => {
    let kept: Promise<string | null>;
    {
      await using client = world.client();
      await client.set('a', '1');
      kept = client.get('a');
    }
    assert.equal(await kept, '1');
    assert.equal(world.cluster.sessions.size, 0);
  });

  it('an idle client that lost its node stays quiet until the next call', async () => {
    const client = world.client();
    await client.set('a', '1');
    await world.cluster.node(1).stop();
    await until('the client noticed', () => world.names().includes('disconnect'));
    assert.ok(!world.names().includes('reconnecting'));
    assert.equal(world.cluster.node(2).frames.length, 0);
    world.cluster.lead(2);
    assert.equal(await client.get('a'), '1');
  });

  it('a listener that was taken off hears nothing, and an error without a listener hurts nobody', async () => {
    const client = createClient({ endpoints: world.cluster.addrs, backoffMinMs: 1, connectTimeoutMs: 1500 });
    let heard = 0;
    const listener = (): void => {
      heard += 1;
    };
    client.on('connect', listener).on('connect', listener).off('connect', listener);
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind === 'hello') connection.sendRaw('nonsense');
      return frame.kind === 'hello';
    };
    assert.equal(await client.get('a'), null);
    assert.equal(heard, 0);
    client.destroy();
  });

  it('a client may be destroyed from inside its own events', async () => {
    for (const name of ['connect', 'leader', 'disconnect', 'reconnecting'] as const) {
      const client = world.client({ endpoints: world.cluster.addrs });
      client.on(name, () => client.destroy());
      world.cluster.node(1).script = (frame, connection) => {
        if (frame.kind !== 'request') return false;
        connection.cut();
        return true;
      };
      const error = await failure(client.set('a', '1'));
      assert.equal(error.code, 'CLOSED', name);
    }
  });
});
