/**
 * Finding the leader and keeping to it: hints in welcomes, `leader` frames and refusals, elections, dead and silent
 * nodes, nodes of another cluster, and the modes that do not follow.
 */
import assert from 'node:assert/strict';
import { type FakeNode, failure, until } from './fake-cluster.ts';
import { ManualClock } from './manual-clock.ts';
import { World } from './world.ts';

describe('following the leader', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  const writesAt = (node: FakeNode): number => node.requests.length;

  it('a welcome that names the leader sends the client there before it asks anything', async () => {
    world.cluster.lead(3);
    const client = world.client();
    assert.equal(await client.set('a', '1'), '1');
    assert.deepEqual(world.cluster.nodes.map(writesAt), [0, 0, 1]);
    assert.deepEqual(
      world.events.filter(([name]) => name === 'leader').map(([, event]) => event),
      [{ node: 3, addr: world.cluster.node(3).addr }],
    );
  });

  it('one known endpoint is enough', async () => {
    world.cluster.lead(2);
    const client = world.client({ endpoints: world.cluster.node(3).addr });
    await client.set('a', '1');
    await world.cluster.node(3).stop();
    world.cluster.lead(1);
    await world.cluster.node(2).stop();
    assert.equal(await client.get('a'), '1');
  });

  it('a leader frame moves the client, and what was under way is sent again and executed once', async () => {
    const client = world.client();
    await client.set('a', '1');
    const first = world.cluster.node(1);
    first.script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      // Executed, but the answer never leaves.
      for (const command of frame.commands) world.cluster.execute(frame.session, frame.ackSequence, command);
      connection.send({ kind: 'leader', leader: 2 });
      world.cluster.lead(2, true);
      return true;
    };
    const answers = await Promise.all([client.exec('INCR n'), client.exec('INCR n')]);
    assert.deepEqual(
      answers.map((answer) => answer.text()),
      ['1', '2'],
    );
    assert.equal(world.cluster.node(2).requests.length, 1);
    assert.deepEqual(
      world.cluster.node(2).requests[0]?.commands.map((command) => command.sequence),
      first.requests.at(-1)?.commands.map((command) => command.sequence),
    );
    assert.equal(world.cluster.executed.filter((line) => line.endsWith('INCR n')).length, 2);
  });

  it('a refusal that names the leader moves the client', async () => {
    const client = world.client();
    await client.set('a', '1');
    world.cluster.lead(2, true);
    assert.equal(await client.set('a', '2'), '2');
    assert.deepEqual(world.cluster.nodes.map(writesAt), [2, 1, 0]);
    assert.equal(world.cluster.executed.length, 2);
  });

  it('a command is redirected three times and no more', async () => {
    // Every node believes itself to be the leader until it is asked, and then names the next one.
    for (const node of world.cluster.nodes) {
      node.belief = node.id;
      node.script = (frame, connection) => {
        if (frame.kind !== 'request') return false;
        const leader = (node.id % 3) + 1;
        connection.refuse(frame, 'NOT_LEADER', { leader, addr: world.cluster.node(leader).addr });
        return true;
      };
    }
    const client = world.client();
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['REDIRECTED_TOO_OFTEN', 'none']);
    const asked = world.cluster.nodes.map(writesAt).reduce((sum, count) => sum + count, 0);
    assert.equal(asked, 4);
  });

  it('welcomes that point in a circle are followed three deep, then the client waits, and says so in the end', async () => {
    for (const node of world.cluster.nodes) node.belief = (node.id % 3) + 1;
    const client = world.client({ backoffMinMs: 1000, backoffMaxMs: 1000, timeoutMs: 60 });
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['REDIRECTED_TOO_OFTEN', 'none']);
    assert.equal(world.names().filter((name) => name === 'connect').length, 4);
    assert.deepEqual(world.cluster.nodes.map(writesAt), [0, 0, 0]);
  });

  it('an election is waited for, at a node that tells when it is over', async () => {
    world.cluster.lead(0);
    const client = world.client({ backoffMinMs: 60_000, backoffMaxMs: 60_000 });
    const call = client.set('a', '1');
    await until('the client waits', () => world.names().includes('reconnecting'));
    world.cluster.lead(3);
    assert.equal(await call, '1');
    assert.equal(world.cluster.node(3).requests.length, 1);
  });

  it('an election is waited for by asking round, where nodes keep quiet about it', async () => {
    world.cluster.lead(0);
    const client = world.client();
    const call = client.set('a', '1');
    await until('every node was asked', () => world.cluster.nodes.every((node) => node.frames.length > 0));
    world.cluster.lead(2, true);
    assert.equal(await call, '1');
  });

  it('a node that was thought to lead and does not is asked again only when it leads', async () => {
    const client = world.client();
    await client.set('a', '1');
    let refusals = 0;
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request' || refusals > 0) return false;
      refusals += 1;
      world.cluster.lead(0, true);
      connection.refuse(frame, 'LEADERSHIP_LOST');
      connection.send({ kind: 'leader', leader: 0 });
      return true;
    };
    const call = client.set('a', '2');
    await until('it was refused', () => refusals === 1);
    world.cluster.lead(2);
    assert.equal(await call, '2');
    assert.equal(world.cluster.node(1).requests.length, 2);
  });

  it('a killed leader is left for its successor, and nothing is executed twice', async () => {
    const client = world.client();
    await client.set('a', '1');
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      for (const command of frame.commands) world.cluster.execute(frame.session, frame.ackSequence, command);
      void world.cluster.node(1).stop();
      connection.cut();
      return true;
    };
    const call = client.exec('INCR n');
    await until('the others are asked', () => world.cluster.node(2).frames.length > 0);
    world.cluster.lead(3);
    assert.equal((await call).text(), '1');
    assert.equal(world.cluster.executed.filter((line) => line.endsWith('INCR n')).length, 1);
    const lost = world.events.find(([name]) => name === 'disconnect');
    assert.ok(lost?.[0] === 'disconnect' && lost[1].node === 1);
  });

  it('a silent leader is given up although its socket stays open', async () => {
    const clock = new ManualClock();
    const client = world.client({ clock, timeoutMs: 60_000, silenceTimeoutMs: 2000 });
    await client.set('a', '1');
    const frozen = world.cluster.node(1);
    for (const connection of frozen.connections) connection.freeze();
    const call = client.set('a', '2');
    await until('it was sent', () => client.inFlight === 1);
    world.cluster.lead(2, true);
    clock.advance(1000);
    clock.advance(1000);
    clock.advance(1000);
    assert.equal(await call, '2');
    assert.ok(
      world.events.some(([name, event]) => name === 'disconnect' && /no sign of life/.test(event.reason)),
    );
  });

  it('a slow leader that answers pings is not given up', async () => {
    const clock = new ManualClock();
    const client = world.client({ clock, timeoutMs: 60_000, silenceTimeoutMs: 2000 });
    await client.set('a', '1');
    let release: () => void = () => undefined;
    let pings = 0;
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      release = () => connection.serve(frame);
      connection.onPing = () => {
        pings += 1;
      };
      return true;
    };
    const call = client.set('a', '2');
    await until('it was sent', () => world.cluster.node(1).requests.length === 2);
    for (let round = 1; round <= 3; round++) {
      clock.advance(1000);
      clock.advance(1000);
      await until('the node was pinged', () => pings >= round);
      // The pong is on its way: wait until the client has heard it, which a later round trip proves.
      await world.cluster.node(1).roundTrip();
    }
    assert.deepEqual(
      world.names().filter((name) => name === 'disconnect'),
      [],
    );
    release();
    assert.equal(await call, '2');
  });

  it('a node that is stopping is left', async () => {
    const client = world.client({ followLeader: false });
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind === 'hello') return false;
      connection.refuse(frame, 'STOPPING');
      return true;
    };
    assert.equal(await client.set('a', '1'), '1');
    assert.deepEqual(world.cluster.nodes.map(writesAt), [0, 1, 0]);
  });

  it('a goodbye is the end of a connection, not of the calls', async () => {
    const client = world.client();
    await client.set('a', '1');
    world.cluster.lead(2, true);
    world.cluster.node(1).tell({ kind: 'goodbye', code: 'STOPPING', message: 'the node is stopping' });
    await until('the client noticed', () => world.names().includes('disconnect'));
    assert.equal(await client.get('a'), '1');
    assert.ok(!world.names().includes('error'), 'a clean stop is no error');
  });

  it('a node of another cluster is refused, aloud', async () => {
    const client = world.client();
    await client.set('a', '1');
    world.cluster.node(2).welcome = (honest) => ({ ...honest, clusterId: 'another' }) as typeof honest;
    world.cluster.node(1).cut();
    await until('the client noticed', () => world.names().includes('disconnect'));
    assert.equal(await client.get('a'), '1');
    assert.equal(world.cluster.node(2).requests.length, 0);
    assert.ok(world.events.some(([name, event]) => name === 'error' && event.code === 'WIRE_WRONG_CLUSTER'));
  });

  it('bytes that are no frame end the connection, and the calls go on elsewhere', async () => {
    const client = world.client();
    await client.set('a', '1');
    let garbled = 0;
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request' || garbled++ > 0) return false;
      connection.sendRaw(new Uint8Array([66, 255, 255, 255, 255]));
      return true;
    };
    assert.equal(await client.set('a', '2'), '2');
    assert.ok(world.events.some(([name, event]) => name === 'error' && event.code === 'WIRE_MALFORMED'));
    world.cluster.node(1).tell({ kind: 'goodbye', code: 'STOPPING', message: '' });
    for (const connection of world.cluster.node(1).connections) connection.sendRaw('text');
    assert.equal(await client.get('a'), '2');
  });

  it('a leader that cannot be reached from here is reached through the node that names it', async () => {
    const client = world.client({ endpoints: world.cluster.node(2).addr });
    const addrs = ['127.0.0.1:1', world.cluster.node(2).addr];
    world.cluster.node(2).welcome = (honest) => ({ ...honest, addrs }) as typeof honest;
    assert.equal(await client.set('a', '1'), '1');
    assert.equal(world.cluster.node(2).requests[0]?.noForward, false);
  });

  it('without leave to forward, the unreachable leader is waited for', async () => {
    const client = world.client({ endpoints: world.cluster.node(2).addr, forward: false, timeoutMs: 80 });
    const addrs = ['127.0.0.1:1', world.cluster.node(2).addr];
    world.cluster.node(2).welcome = (honest) => ({ ...honest, addrs }) as typeof honest;
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['TIMEOUT', 'none']);
    assert.match(error.message, /says that node 1 leads; not reachable from here: 127\.0\.0\.1:1 \(/);
    assert.equal(world.cluster.node(2).requests.length, 0);
  });

  it('stale reads are answered by any node, also while there is no leader', async () => {
    const client = world.client();
    await client.set('a', '1');
    world.cluster.lead(0);
    assert.equal(await client.get('a', { consistency: 'stale' }), '1');
    await world.cluster.node(1).stop();
    assert.equal(await client.get('a', { consistency: 'stale' }), '1');
  });
});

describe('not following the leader', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
    world.cluster.lead(2);
  });
  afterEach(() => world.stop());

  it('the first endpoint that answers serves everything, and forwards', async () => {
    for (const options of [{ followLeader: false }, { maxRedirects: 0 }]) {
      const client = world.client(options);
      assert.equal(await client.set('a', '1'), '1');
      assert.equal(await client.get('a'), '1');
      client.destroy();
    }
    assert.deepEqual(
      world.cluster.nodes.map((node) => node.requests.length),
      [4, 0, 0],
    );
    assert.ok(world.cluster.node(1).requests.every((frame) => !frame.noForward));
  });

  it('without forwarding, the refusal with the address of the leader is surfaced', async () => {
    const client = world.client({ followLeader: false, forward: false });
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['NOT_LEADER', 'none']);
    assert.deepEqual({ ...error.details }, { leader: 2, addr: world.cluster.node(2).addr });
    const reading = await failure(client.get('a'));
    assert.equal(reading.code, 'NOT_LEADER');
  });

  it('no leader is waited for, at the same node', async () => {
    const client = world.client({ followLeader: false });
    await client.set('a', '1');
    world.cluster.lead(0);
    const call = client.set('a', '2');
    await until('it was refused', () => world.cluster.node(1).requests.length >= 3);
    world.cluster.lead(3);
    assert.equal(await call, '2');
    assert.deepEqual(
      world.cluster.nodes.map((node) => node.connections.size),
      [1, 0, 0],
    );
  });
});

describe('finding the leader', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('walks the endpoints until a node names it', async () => {
    world.cluster.lead(3);
    await world.cluster.node(1).stop();
    const client = world.client();
    assert.deepEqual(await client.findLeader(), { node: 3, addr: world.cluster.node(3).addr });
    assert.deepEqual(world.events, [], 'the search has connections of its own');
  });

  it('waits for an election, and says what it found when the time is up', async () => {
    world.cluster.lead(0);
    const client = world.client();
    const found = client.findLeader();
    await until('a node was asked', () => world.cluster.node(3).frames.length > 0);
    world.cluster.lead(2);
    assert.equal((await found).node, 2);
    world.cluster.lead(0);
    const none = await failure(client.findLeader({ timeoutMs: 30 }));
    assert.deepEqual([none.code, none.outcome], ['NO_LEADER', 'none']);
    await Promise.all(world.cluster.nodes.map((node) => node.stop()));
    const unreachable = await failure(client.findLeader({ timeoutMs: 30 }));
    assert.equal(unreachable.code, 'CANNOT_CONNECT');
  });

  it('can be aborted', async () => {
    world.cluster.lead(0);
    const client = world.client({ backoffMinMs: 60_000, backoffMaxMs: 60_000 });
    const abort = new AbortController();
    const found = failure(client.findLeader({ signal: abort.signal, timeoutMs: 60_000 }));
    await until('every node was asked', () => world.cluster.node(3).frames.length > 0);
    abort.abort();
    assert.equal((await found).code, 'ABORTED');
  });
});
