/**
 * What a user sees when all is well: values of every kind, refusals as results, and how commands travel (which
 * frames, which session, which order).
 */
import assert from 'node:assert/strict';
import { QuorateError, RefusedError } from '@quorate/client';
import { failure, until, wordsOf } from './fake-cluster.ts';
import { World } from './world.ts';

describe('calls', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('set, get and del give the values that the backend gives', async () => {
    const client = world.client();
    assert.equal(await client.set('some_key', 'the_value'), 'the_value');
    assert.equal(await client.get('some_key'), 'the_value');
    assert.equal(await client.del('some_key'), 'the_value');
    assert.equal(await client.del('some_key'), null);
    assert.equal(await client.get('some_key'), null);
  });

  it('keys and values are any bytes and any text', async () => {
    const client = world.client();
    const key = new Uint8Array([0, 255, 10, 32]);
    const value = new Uint8Array(70_000).map((_, index) => index);
    assert.deepEqual(await client.setBytes(key, value), value);
    assert.deepEqual(await client.getBytes(key), value);
    assert.deepEqual(await client.delBytes(key), value);
    assert.equal(await client.getBytes(key), null);
    assert.equal(await client.set('', ''), '');
    assert.equal(await client.get(''), '');
    assert.equal(await client.set('smile \n "quoted"', '\u{1f600} ä'), '\u{1f600} ä');
    assert.equal(await client.get('smile \n "quoted"'), '\u{1f600} ä');
  });

  it('bytes that were handed over may be changed at once, bytes that were received pin little more', async () => {
    const client = world.client();
    const value = new Uint8Array(100).fill(1);
    const stored = client.set('k', value);
    value.fill(2);
    await stored;
    await client.set('long', 'x'.repeat(60_000));
    const [one] = await Promise.all([client.getBytes('k'), client.getBytes('k'), client.getBytes('long')]);
    assert.deepEqual(one, new Uint8Array(100).fill(1));
    // A piece of memory that short values share, and not the frame they came in.
    assert.equal(one?.buffer.byteLength, 16 * 1024);
  });

  it('exec takes a line or arguments and gives the whole answer', async () => {
    const client = world.client();
    const set = await client.exec('SET a 1');
    assert.ok(set.ok);
    assert.equal(set.text(), '1');
    assert.deepEqual(set.value, new TextEncoder().encode('1'));
    const incr = await client.exec(['INCR', new TextEncoder().encode('a')]);
    assert.equal(incr.text(), '2');
    assert.equal(incr.slot, set.slot + 1);
    assert.equal((await client.exec('GET b')).text(), null);
  });

  it("a backend's no is a result of exec and a typed error of get, set and del", async () => {
    const client = world.client();
    const refused = await client.exec('EXPLODE now');
    assert.ok(!refused.ok);
    assert.equal(refused.code, 'UNKNOWN_VERB');
    assert.match(refused.message, /EXPLODE/);
    assert.equal(refused.text(), null);
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      const result = { ok: false, code: 'READ_ONLY', message: 'not today' } as const;
      connection.answer(
        frame.commands.map(({ sequence }) => ({ sequence, kind: 'result', slot: 9, result })),
      );
      return true;
    };
    for (const call of [client.set('a', 'b'), client.get('a'), client.delBytes('a')]) {
      const error = await failure(call);
      assert.ok(error instanceof RefusedError && error instanceof QuorateError);
      assert.equal(error.refusal, 'READ_ONLY');
      assert.equal(error.outcome, 'none');
    }
  });

  it('wrong arguments reject with ARGUMENT and send nothing', async () => {
    const client = world.client();
    const wrong: unknown = 7;
    const givenAway = new Uint8Array([1, 2, 3]);
    structuredClone(givenAway.buffer, { transfer: [givenAway.buffer] });
    for (const call of [
      client.get(wrong as string),
      client.set('k', undefined as unknown as string),
      client.exec(wrong as string),
      client.exec(['A', wrong as string]),
      client.get('k', { timeoutMs: 0 }),
      client.get('k', { consistency: 'eventual' as 'stale' }),
      client.set('k', givenAway),
      client.setBytes(givenAway, ''),
      client.set('k', 'v', { signal: new AbortController() as unknown as AbortSignal }),
      client.set('k', 'v', { signal: null as unknown as AbortSignal }),
    ]) {
      const error = await failure(call);
      assert.equal(error.code, 'ARGUMENT');
      assert.equal(error.outcome, 'none');
    }
    assert.equal(client.pending, 0);
    assert.deepEqual(world.cluster.node(1).frames, []);
  });

  it('nothing is connected before the first call, one node is while there are calls', async () => {
    const client = world.client();
    assert.deepEqual(world.events, []);
    await client.set('a', '1');
    await client.get('a');
    assert.deepEqual(world.names(), ['connect', 'leader']);
    assert.deepEqual(client.leader, { node: 1, addr: world.cluster.node(1).addr });
    assert.deepEqual(
      world.cluster.nodes.map((node) => node.connections.size),
      [1, 0, 0],
    );
  });

  it('commands of one turn leave in one frame for each session and consistency', async () => {
    const client = world.client();
    await client.set('warm', 'up');
    const { frames } = world.cluster.node(1);
    frames.length = 0;
    const calls: Promise<unknown>[] = [];
    for (let index = 0; index < 10; index++) {
      calls.push(client.set(`k${index}`, 'v'), client.get('k'), client.get('k', { consistency: 'stale' }));
    }
    calls.push(client.exec('GET k'), client.exec('GET k', { consistency: 'linearizable' }));
    await Promise.all(calls);
    const shapes = world.cluster.node(1).requests.map((frame) => {
      const session = frame.session === 0 ? 'none' : 'some';
      return `${frame.commands.length} ${frame.consistency}, session ${session}`;
    });
    assert.deepEqual(shapes, [
      '11 linearizable, session some',
      '11 linearizable, session none',
      '10 stale, session none',
    ]);
  });

  it('sequences rise over all commands, and what is settled is acknowledged with the next frame', async () => {
    const client = world.client();
    await client.set('a', '1');
    await Promise.all([client.set('b', '2'), client.get('a')]);
    await client.set('c', '3');
    const { requests } = world.cluster.node(1);
    const sequences = requests.flatMap((frame) => frame.commands.map((command) => command.sequence));
    assert.deepEqual(
      sequences.toSorted((a, b) => a - b),
      [...new Set(sequences)].toSorted((a, b) => a - b),
    );
    const last = requests.at(-1);
    assert.equal(last?.ackSequence, (last?.commands[0]?.sequence ?? 0) - 1);
    assert.equal(last?.noForward, true);
  });

  it('a client that only reads opens no session; the first command that may write opens one', async () => {
    const client = world.client();
    await client.get('a');
    await client.exec('GET a', { consistency: 'linearizable' });
    assert.equal(world.cluster.sessions.size, 0);
    await Promise.all([client.exec('GET a'), client.set('b', '1'), client.del('b')]);
    await client.set('c', '1');
    assert.equal(world.cluster.sessions.size, 1);
    const words = world.cluster
      .node(1)
      .requests.map((frame) => frame.commands.map(({ input }) => wordsOf(input)[0]));
    assert.deepEqual(words, [['GET'], ['GET'], ['GET', 'SET', 'DEL'], ['SET']]);
  });

  it('large and many commands are cut into frames of bounded size', async () => {
    const client = world.client();
    // Nothing can be sent before there is a session: then all of it goes at once.
    const value = 'x'.repeat(100_000);
    await Promise.all(Array.from({ length: 20 }, (_, index) => client.set(`k${index}`, value)));
    const sizes = world.cluster.node(1).requests.map((frame) => frame.commands.length);
    assert.deepEqual(sizes, [3, 3, 3, 3, 3, 3, 2]);
  });

  it('commands that are many for one turn do not wait for its end', async () => {
    const client = world.client();
    await client.set('warm', 'up');
    const { frames } = world.cluster.node(1);
    frames.length = 0;
    const value = 'x'.repeat(10_000);
    await Promise.all(Array.from({ length: 20 }, (_, index) => client.set(`k${index}`, value)));
    const { requests } = world.cluster.node(1);
    assert.deepEqual(
      requests.map((frame) => frame.commands.length),
      [9, 9, 2],
    );
    const sequences = requests.flatMap((frame) => frame.commands.map((command) => command.sequence));
    assert.deepEqual(
      sequences,
      sequences.toSorted((left, right) => left - right),
    );
  });
  it('listeners that make many commands neither dial nor cut a back-off short', async () => {
    const { cluster } = world;
    const client = world.client({
      endpoints: [cluster.node(1).addr],
      backoffMinMs: 60_000,
      backoffMaxMs: 60_000,
    });
    const value = 'x'.repeat(100_000);
    const calls: Promise<unknown>[] = [];
    for (const name of ['connect', 'disconnect', 'leader', 'reconnecting'] as const)
      client.on(name, () => calls.push(client.set(name, value)));
    // To the leader, which hangs up without one answer: that is waited out.
    cluster.lead(2);
    cluster.node(2).script = (frame, connection) => {
      if (frame.kind === 'hello') return false;
      connection.cut();
      return true;
    };
    calls.push(client.set('a', '1'));
    await until('the client waits', () => world.names().includes('reconnecting'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const hellos = cluster.nodes.map(({ frames }) => frames.filter(({ kind }) => kind === 'hello').length);
    assert.deepEqual(hellos, [1, 1, 0]);
    client.destroy();
    for (const error of await Promise.all(calls.map(failure))) assert.equal(error.code, 'CLOSED');
  });
});
