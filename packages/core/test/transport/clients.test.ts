// Connections from clients: who may come in, what each may cost, and how they end.
import assert from 'node:assert/strict';
import { CLIENT_PATH, CLIENT_SUBPROTOCOL } from '@quorate/wire';
import { WebSocket } from 'ws';
import { createNodeServer, type NodeServer } from '#src/adapters/http/index.ts';
import {
  type ClientLimits,
  createClientListener,
  DEFAULT_CLIENT_LIMITS,
  type WebSocketClientListener,
} from '#src/adapters/websocket/index.ts';
import type { ClientConnection } from '#src/ports/index.ts';
import { bytes, ManualClock, text, until } from './harness.ts';
import { Stranger } from './strangers.ts';

describe('the listener for clients', () => {
  let listener: WebSocketClientListener;
  let server: NodeServer;
  let clock: ManualClock;
  let port: number;
  let events: string[];
  let connections: ClientConnection[];

  const listen = async (
    limits: Partial<ClientLimits> = {},
    allowedOrigins: readonly string[] = [],
  ): Promise<void> => {
    clock = new ManualClock();
    events = [];
    connections = [];
    listener = createClientListener({ clock, allowedOrigins, limits: { closeTimeoutMs: 200, ...limits } });
    server = createNodeServer({
      host: '127.0.0.1',
      port: 0,
      readiness: () => [],
      status: () => ({}),
      explain: () => '',
      upgrades: { [CLIENT_PATH]: listener.upgrade },
    });
    port = (await server.listen()).port;
  };
  const start = (): void =>
    listener.start({
      onOpen: (connection) => {
        connections.push(connection);
        events.push(`open ${connection.id}`);
      },
      onFrame: (connection, frame) => events.push(`${connection.id} ${text(frame)}`),
      onClose: (connection) => events.push(`close ${connection.id}`),
    });
  afterEach(async () => {
    await listener.close();
    await server.close();
  });

  const dial = (): Promise<Stranger> => Stranger.dial(port, CLIENT_PATH, CLIENT_SUBPROTOCOL);
  const saw = (event: string): Promise<void> =>
    until(() => events.includes(event), `${event}, saw ${events.join(', ')}`);
  const count = (name: string): number => listener.counters()[name] ?? 0;
  const connection = (index: number): ClientConnection =>
    connections[index] ?? assert.fail('no such connection');

  it('hands over whole frames, sends whole frames, and numbers connections from 1', async () => {
    await listen();
    start();
    const [first, second] = [await dial(), await dial()];
    first.say(bytes('one'));
    first.say(bytes(''));
    second.say(bytes('two'));
    await Promise.all([saw('1 one'), saw('1 '), saw('2 two')]);
    connection(1).send(bytes('answer'));
    await second.heard(1);
    assert.deepEqual(second.frames.map(text), ['answer']);
    assert.match(connection(0).remote, /^127\.0\.0\.1:\d+$/);
    first.ws.close();
    await saw('close 1');
    assert.equal(count('connections'), 1);
  });

  it('closes with a reason after a last frame, and hears nothing afterwards', async () => {
    await listen();
    start();
    const client = await dial();
    client.say(bytes('hello'));
    await saw('1 hello');
    connection(0).close('a reason', bytes('goodbye'));
    assert.ok(!events.includes('close 1'), 'onClose does not come from inside close');
    client.say(bytes('too late'));
    assert.deepEqual(await client.ended(), { code: 1000, reason: 'a reason' });
    await saw('close 1');
    connection(0).send(bytes('nothing'));
    connection(0).close('twice');
    assert.deepEqual([events, client.frames.map(text)], [['open 1', '1 hello', 'close 1'], ['goodbye']]);
  });

  it('disconnects a client that does not read, at its bound', async () => {
    await listen({ maxOutboundBytes: 1024 * 1024 });
    start();
    const client = await dial();
    client.say(bytes('hello'));
    await saw('1 hello');
    client.ws.pause();
    const chunk = new Uint8Array(128 * 1024);
    await until(() => {
      connection(0).send(chunk);
      return events.includes('close 1');
    }, 'the client is disconnected');
    assert.equal(count('slowReaders'), 1);
    client.ws.terminate();
  });

  it('closes a connection that says nothing, and leaves one that said something', async () => {
    await listen();
    start();
    const [silent, speaking] = [await dial(), await dial()];
    speaking.say(bytes('hello'));
    await saw('2 hello');
    clock.advance(DEFAULT_CLIENT_LIMITS.helloTimeoutMs);
    assert.equal((await silent.ended()).code, 1008);
    await saw('close 1');
    speaking.say(bytes('still here'));
    await saw('2 still here');
    assert.equal(count('helloTimeouts'), 1);
  });

  it('keeps a quiet client that answers pings, and drops one that does not', async () => {
    await listen();
    start();
    const quiet = await dial();
    const dead = new Stranger(
      new WebSocket(`ws://127.0.0.1:${port}${CLIENT_PATH}`, [CLIENT_SUBPROTOCOL], {
        autoPong: false,
        perMessageDeflate: false,
      }),
    );
    await until(
      () => connections.length === 2 && dead.ws.readyState === WebSocket.OPEN,
      'both are connected',
    );
    let pings = 0;
    quiet.ws.on('ping', () => (pings += 1));
    for (const client of [quiet, dead]) client.say(bytes('hello'));
    await Promise.all([saw('1 hello'), saw('2 hello')]);
    for (let check = 1; check <= 6; check++) {
      clock.advance(DEFAULT_CLIENT_LIMITS.idleTimeoutMs / 4);
      await until(() => pings === check, 'the ping arrives');
      // A frame behind the pong proves that the pong was read.
      quiet.say(bytes(`after ${check}`));
      await saw(`1 after ${check}`);
    }
    await dead.ended();
    assert.equal(count('idleTimeouts'), 1);
    assert.ok(!events.includes('close 1') && events.includes('close 2'));
  });

  it('closes on oversize and on text frames, and counts them', async () => {
    await listen({ maxFrameBytes: 1000 });
    start();
    const [big, texter] = [await dial(), await dial()];
    big.say(new Uint8Array(1001));
    texter.ws.send('{"cmd":"get"}');
    assert.deepEqual([(await big.ended()).code, (await texter.ended()).code], [1009, 1003]);
    await Promise.all([saw('close 1'), saw('close 2')]);
    assert.deepEqual([count('unreadable.WIRE_TOO_LARGE'), count('unreadable.WIRE_MALFORMED')], [1, 1]);
    assert.deepEqual(events.toSorted(), ['close 1', 'close 2', 'open 1', 'open 2']);
  });

  it('takes only so many connections', async () => {
    await listen({ maxConnections: 2 });
    start();
    const [first] = [await dial(), await dial()];
    await assert.rejects(dial(), /503/);
    first.ws.close();
    await saw('close 1');
    await dial();
    assert.deepEqual([count('connections'), count('upgradesRefused.503')], [2, 1]);
  });

  it('wants its sub-protocol by name, and no pages of foreign origins', async () => {
    await listen({}, ['https://console.example']);
    start();
    const from = async (origin: string): Promise<Stranger> => {
      const page = new Stranger(
        new WebSocket(`ws://127.0.0.1:${port}${CLIENT_PATH}`, [CLIENT_SUBPROTOCOL], { origin }),
      );
      await until(() => page.end !== undefined || page.ws.readyState === WebSocket.OPEN, 'the answer');
      return page;
    };
    await assert.rejects(Stranger.dial(port, CLIENT_PATH, 'chat'), /400/);
    assert.notEqual((await from('https://evil.example')).end, undefined);
    assert.equal((await from('https://console.example')).end, undefined);
    assert.deepEqual([count('upgradesRefused.400'), count('upgradesRefused.403')], [1, 1]);
  });

  it('answers 503 before it is started and after it stopped accepting; open connections stay', async () => {
    await listen();
    await assert.rejects(dial(), /503/);
    start();
    const client = await dial();
    await saw('open 1');
    listener.stopAccepting();
    await assert.rejects(dial(), /503/);
    client.say(bytes('still here'));
    await saw('1 still here');
  });

  it('says that it goes away when it is closed, and waits for clients to have gone', async () => {
    await listen();
    start();
    const client = await dial();
    client.say(bytes('hello'));
    await saw('1 hello');
    await Promise.all([listener.close(), listener.close()]);
    assert.equal((await client.ended()).code, 1001);
    assert.deepEqual(events, ['open 1', '1 hello', 'close 1']);
    assert.deepEqual(clock.waitingMs, [], 'no timer is left');
  });

  it('does not wait for ever for a client that does not answer the close', async () => {
    await listen();
    start();
    const client = await dial();
    await saw('open 1');
    client.ws.pause();
    await listener.close();
    assert.deepEqual(events, ['open 1', 'close 1']);
    client.ws.terminate();
  });
});
