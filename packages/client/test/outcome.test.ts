/**
 * Three answers: done, not done, unknown. Each test puts a call into a situation in which it must end by time-out,
 * abort or refusal, and checks that it says the truth about the command's fate.
 */
import assert from 'node:assert/strict';
import type { ErrorCode } from '@quorate/client';
import { failure, type Script, until } from './fake-cluster.ts';
import { ManualClock } from './manual-clock.ts';
import { World } from './world.ts';

const swallowRequests: Script = (frame) => frame.kind === 'request';

describe('the outcome of a call', () => {
  let world: World;
  let clock: ManualClock;
  beforeEach(async () => {
    world = await World.start();
    clock = new ManualClock();
  });
  afterEach(() => world.stop());

  it('is unknown when the time-out passes after the command was sent', async () => {
    const client = world.client({ clock });
    world.cluster.node(1).script = swallowRequests;
    const call = failure(client.set('a', '1', { timeoutMs: 300 }));
    await until('the request came', () => world.cluster.node(1).requests.length === 1);
    assert.equal(
      world.cluster.node(1).requests[0]?.timeoutMs,
      270,
      'the node has a little less time than the caller',
    );
    clock.advance(299);
    assert.equal(client.pending, 1);
    clock.advance(1);
    const error = await call;
    assert.deepEqual([error.code, error.outcome, error.retryable], ['TIMEOUT', 'unknown', true]);
    assert.match(error.message, /not known/);
  });

  it('is none for a read, which changes nothing', async () => {
    const client = world.client({ clock });
    world.cluster.node(1).script = swallowRequests;
    const call = failure(client.get('a', { timeoutMs: 300 }));
    await until('the request came', () => world.cluster.node(1).requests.length === 1);
    clock.advance(300);
    const error = await call;
    assert.deepEqual([error.code, error.outcome], ['TIMEOUT', 'none']);
  });

  it('is none when the time-out passes while every attempt was refused for certain', async () => {
    const client = world.client({ clock });
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      connection.refuse(frame, 'TIMEOUT', {}, 'none');
      return true;
    };
    const call = failure(client.set('a', '1', { timeoutMs: 300 }));
    await until('the request came', () => world.cluster.node(1).requests.length === 1);
    await until('the refusal came', () => client.inFlight === 0);
    clock.advance(300);
    const error = await call;
    assert.deepEqual([error.code, error.outcome, error.details.lastError], ['TIMEOUT', 'none', 'TIMEOUT']);
  });

  it('is none at once when the node drops the command at the end of its time', async () => {
    const client = world.client({ clock });
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      clock.advance(frame.timeoutMs);
      connection.refuse(frame, 'TIMEOUT', {}, 'none');
      return true;
    };
    const error = await failure(client.set('a', '1', { timeoutMs: 1000 }));
    assert.deepEqual([error.code, error.outcome], ['TIMEOUT', 'none']);
  });

  it('is none when there is no leader all the time, and the error says so', async () => {
    const client = world.client({ timeoutMs: 60 });
    world.cluster.lead(0);
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['TIMEOUT', 'none']);
    assert.equal(world.cluster.executed.length, 0);
  });

  it('stays unknown when one attempt was lost and later ones were refused', async () => {
    const client = world.client({ clock, endpoints: world.cluster.node(1).addr });
    let requests = 0;
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      requests += 1;
      if (requests === 1) connection.cut();
      else connection.refuse(frame, 'OVERLOADED');
      return true;
    };
    const call = failure(client.set('a', '1', { timeoutMs: 300 }));
    await until('it was refused', () => {
      clock.advance(1);
      return requests >= 2 && client.inFlight === 0;
    });
    clock.advance(300);
    const error = await call;
    assert.deepEqual(
      [error.code, error.outcome, error.details.lastError],
      ['TIMEOUT', 'unknown', 'OVERLOADED'],
    );
  });

  it('keeps the code of a refusal that lasted until the time-out', async () => {
    const untilRefusedTwice = async (code: ErrorCode, timeoutMs: number): Promise<void> => {
      const client = world.client({ timeoutMs, followLeader: false });
      let refusals = 0;
      const refuse: Script = (frame, connection) => {
        if (frame.kind !== 'request') return false;
        refusals += 1;
        connection.refuse(frame, code);
        return true;
      };
      for (const node of world.cluster.nodes) node.script = refuse;
      const error = await failure(client.set('a', '1'));
      client.destroy();
      // A busy machine got no further than the first refusal, or its time was over while an attempt was under way.
      const isBusy = refusals < 2 || (error.code === 'TIMEOUT' && error.outcome === 'unknown');
      if (isBusy && timeoutMs < 5000) return untilRefusedTwice(code, timeoutMs * 10);
      assert.deepEqual([error.code, error.outcome], [code, 'none']);
      assert.ok(refusals >= 2, `${code} was not retried in ${timeoutMs} ms`);
    };
    for (const code of ['OVERLOADED', 'SESSION_WINDOW', 'BACKEND_UNAVAILABLE', 'STOPPING'] as const)
      await untilRefusedTwice(code, 50);
  });

  it('is none at once for refusals that no retry can change', async () => {
    for (const code of ['PARSE', 'FORBIDDEN', 'TOO_LARGE', 'ARGUMENT'] satisfies ErrorCode[]) {
      const client = world.client();
      world.cluster.node(1).script = (frame, connection) => {
        if (frame.kind !== 'request') return false;
        connection.refuse(frame, code, { hint: 'usage: SET key value' });
        return true;
      };
      const before = world.cluster.node(1).requests.length;
      const error = await failure(client.exec('SET'));
      assert.deepEqual(
        [error.code, error.outcome, error.details.hint],
        [code, 'none', 'usage: SET key value'],
      );
      assert.equal(world.cluster.node(1).requests.length - before, 1);
      client.destroy();
    }
  });

  it('is unknown when another node cannot read what one before it may have executed', async () => {
    for (const [code, outcome] of [
      ['PARSE', 'unknown'],
      ['TOO_LARGE', 'unknown'],
      ['ARGUMENT', 'none'],
    ] as const) {
      const client = world.client();
      let attempts = 0;
      for (const node of world.cluster.nodes)
        node.script = (frame, connection) => {
          if (frame.kind !== 'request') return false;
          attempts += 1;
          if (attempts === 1) connection.cut();
          else connection.refuse(frame, code);
          return true;
        };
      const error = await failure(client.set('a', '1'));
      assert.deepEqual([error.code, error.outcome, attempts], [code, outcome, 2]);
      client.destroy();
    }
  });

  it('of an aborted call follows the same rule, and its late answer is ignored', async () => {
    const client = world.client({ clock });
    const before = new AbortController();
    before.abort(new Error('changed my mind'));
    const early = await failure(client.set('a', '1', { signal: before.signal }));
    assert.deepEqual(
      [early.code, early.outcome, String(early.cause)],
      ['ABORTED', 'none', 'Error: changed my mind'],
    );

    const unsent = new AbortController();
    const waiting = failure(client.set('a', '1', { signal: unsent.signal }));
    unsent.abort();
    assert.deepEqual([(await waiting).code, (await waiting).outcome], ['ABORTED', 'none']);

    let release: () => void = () => undefined;
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'request') return false;
      release = () => connection.serve(frame);
      return true;
    };
    const sent = new AbortController();
    const call = failure(client.set('a', '1', { signal: sent.signal }));
    await until('the request came', () => world.cluster.node(1).requests.length === 1);
    sent.abort();
    const error = await call;
    assert.deepEqual([error.code, error.outcome], ['ABORTED', 'unknown']);
    assert.equal(client.pending, 0);

    release();
    world.cluster.node(1).script = undefined;
    assert.equal(await client.get('a'), '1');
    assert.equal(await client.set('a', '2'), '2');
    const acked = world.cluster.node(1).requests.at(-1)?.ackSequence ?? 0;
    assert.ok(
      acked >= (world.cluster.node(1).requests[0]?.commands[0]?.sequence ?? 0),
      'what was given up is acknowledged',
    );
  });

  it('is said for every call of a signal that fires', async () => {
    const client = world.client({ clock });
    world.cluster.node(1).script = swallowRequests;
    const abort = new AbortController();
    const calls = Array.from({ length: 50 }, () => failure(client.set('a', '1', { signal: abort.signal })));
    await until('the request came', () => world.cluster.node(1).requests.length === 1);
    abort.abort();
    for (const error of await Promise.all(calls))
      assert.deepEqual([error.code, error.outcome], ['ABORTED', 'unknown']);
  });

  it('leaves no listener on the signal of a call that is settled', async () => {
    const client = world.client();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const calls = Array.from({ length: 50 }, () => client.set('a', '1', { signal }));
    assert.equal(listeners, 1, 'one for all calls');
    await Promise.all([...calls, client.get('a', { signal })]);
    assert.equal(listeners, 0);
  });

  it('is none when no endpoint can be reached, and the error lists each with its reason', async () => {
    await Promise.all(world.cluster.nodes.map((node) => node.stop()));
    const client = world.client({ connectTimeoutMs: 80 });
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['CANNOT_CONNECT', 'none']);
    for (const addr of world.cluster.addrs)
      assert.ok(error.message.includes(`${addr} (connection refused)`), error.message);
  });

  it('is CANNOT_CONNECT at the time-out too, if that comes first', async () => {
    await Promise.all(world.cluster.nodes.map((node) => node.stop()));
    const client = world.client({ connectTimeoutMs: 10_000 });
    const error = await failure(client.get('a', { timeoutMs: 40 }));
    assert.deepEqual([error.code, error.outcome], ['CANNOT_CONNECT', 'none']);
  });

  it('is TIMEOUT when there was no time to connect: nothing says that no endpoint can be reached', async () => {
    const client = world.client({ clock });
    const call = failure(client.get('a', { timeoutMs: 1 }));
    clock.advance(1);
    const error = await call;
    assert.deepEqual([error.code, error.outcome], ['TIMEOUT', 'none']);
    assert.match(error.message, /it was never sent; no node is connected yet/);
  });

  it('names what stands in the way when nobody leads: who says so, and who cannot be reached', async () => {
    world.cluster.lead(0);
    await world.cluster.node(1).stop();
    const client = world.client({ timeoutMs: 800 });
    const error = await failure(client.set('a', '1'));
    assert.deepEqual([error.code, error.outcome], ['TIMEOUT', 'none']);
    assert.match(error.message, /node [23] at \S+ knows no leader; not reachable from here: /);
    assert.ok(error.message.includes(`${world.cluster.node(1).addr} (connection refused)`), error.message);
  });

  it('says why a node was not acceptable', async () => {
    const client = world.client({ connectTimeoutMs: 60, endpoints: world.cluster.node(1).addr });
    world.cluster.node(1).script = (frame, connection) => {
      if (frame.kind !== 'hello') return false;
      connection.send({ kind: 'goodbye', code: 'WIRE_VERSION', message: 'this node speaks version 7' });
      return true;
    };
    const error = await failure(client.get('a'));
    assert.equal(error.code, 'CANNOT_CONNECT');
    assert.match(error.message, /this node speaks version 7/);
    assert.ok(world.events.some(([name, event]) => name === 'error' && event.code === 'WIRE_VERSION'));
  });
});
