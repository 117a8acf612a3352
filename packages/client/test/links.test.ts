/** One connection: what a node must do to be talked to, and what becomes of the calls when it does not. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeNodeFrame, type NodeFrame } from '@quorate/wire';
import { failure, until } from './fake-cluster.ts';
import { ManualClock } from './manual-clock.ts';
import { World } from './world.ts';

describe('a connection', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('says who we are and which versions we speak', async () => {
    const client = world.client({ clientName: 'somebody' });
    await client.get('a');
    assert.deepEqual(world.cluster.node(1).frames[0], {
      kind: 'hello',
      versionMin: 1,
      versionMax: 2,
      clientName: 'somebody',
    });
  });

  it('works with random masks too', async () => {
    const client = world.client({ randomMask: true });
    const value = 'x'.repeat(100_000);
    assert.equal(await client.set('a', value), value);
    assert.equal(await client.get('a'), value);
  });

  it('to a node that keeps breaking the rules is refused, aloud, and the next node is asked', async () => {
    const honest: NodeFrame = {
      kind: 'welcome',
      version: 1,
      clusterId: world.cluster.clusterId,
      node: 1,
      backend: 'kv',
      addrs: world.cluster.addrs,
      leader: 2,
      maxCommandBytes: 1000,
    };
    world.cluster.lead(2);
    const slips: readonly (readonly [NodeFrame[], string, RegExp])[] = [
      [[{ kind: 'leader', leader: 1 }], 'WIRE_MALFORMED', /before the welcome/],
      [[{ ...honest, version: 9 }], 'WIRE_VERSION', /version 9/],
      [[honest, honest], 'WIRE_MALFORMED', /second welcome/],
      [[{ kind: 'goodbye', code: 'WIRE_VERSION', message: 'too old' }], 'WIRE_VERSION', /too old/],
    ];
    for (const [frames, code, message] of slips) {
      world.events.length = 0;
      const client = world.client();
      world.cluster.node(1).script = (frame, connection) => {
        for (const one of frames) connection.sendRaw(encodeNodeFrame(one));
        return frame.kind === 'hello';
      };
      assert.equal(await client.get('a'), null);
      await until('it was said aloud', () => world.names().includes('error'));
      const error = world.events.find(([name]) => name === 'error');
      assert.ok(error?.[0] === 'error' && error[1].code === code, String(code));
      assert.match(error[1].message, message);
      client.destroy();
    }
  });

  it('without a welcome in time is given up for the next endpoint', async () => {
    const clock = new ManualClock();
    const client = world.client({ clock, timeoutMs: 60_000, connectTimeoutMs: 60_000, dialTimeoutMs: 500 });
    world.cluster.lead(2);
    world.cluster.node(1).script = (frame) => frame.kind === 'hello';
    const call = client.get('a');
    await until('the hello came', () => world.cluster.node(1).frames.length === 1);
    clock.advance(500);
    clock.advance(20);
    assert.equal(await call, null);
  });

  const strangers: readonly (readonly [what: string, server: () => Server, reason: RegExp])[] = [
    [
      'a web server',
      () => createHttpServer((_request, response) => response.writeHead(404).end()),
      /it is no Quorate node: it answers with HTTP status 404/,
    ],
    [
      'a server of another protocol',
      () => createServer((socket) => socket.end('-ERR unknown command\r\n').resume()),
      /it is no Quorate node: it does not speak HTTP/,
    ],
  ];
  for (const [what, make, reason] of strangers)
    it(`to ${what} fails with the reason`, async () => {
      const server = make();
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const client = world.client({ endpoints: endpoint, connectTimeoutMs: 50 });
      const error = await failure(client.get('a'));
      assert.equal(error.code, 'CANNOT_CONNECT');
      assert.match(error.message, reason);
      await new Promise((resolve) => server.close(resolve));
    });

  it('that was closed with a reason passes the reason on', async () => {
    const client = world.client({ followLeader: false });
    await client.get('a');
    for (const connection of world.cluster.node(1).connections) connection.close('maintenance');
    await until('the client noticed', () => world.names().includes('disconnect'));
    const lost = world.events.find(([name]) => name === 'disconnect');
    assert.ok(lost?.[0] === 'disconnect' && /maintenance/.test(lost[1].reason));
    assert.equal(await client.get('a'), null);
  });

  it('leaves answers alone that nobody waits for', async () => {
    const client = world.client();
    await client.get('a');
    world.cluster.node(1).tell({
      kind: 'responses',
      answers: [
        { sequence: 1, kind: 'result', slot: 1, result: { ok: true, value: null } },
        { sequence: 99_999, kind: 'session', session: 5 },
      ],
    });
    assert.equal(await client.get('a'), null);
    assert.deepEqual(world.names(), ['connect', 'leader']);
  });

  it('a listener that throws surfaces as an uncaught exception, and the client goes on', async () => {
    const script = `
      import { createClient } from '@quorate/client';
      process.on('uncaughtException', (error) => console.log('uncaught:', error.message));
      const client = createClient({ endpoints: process.env.QUORATE_ENDPOINTS });
      client.on('connect', () => { throw new Error('listener'); });
      console.log(await client.set('a', '1'));
      await client.close();
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script],
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: { ...process.env, QUORATE_ENDPOINTS: world.cluster.addrs.join(',') },
        timeout: 15_000,
      },
    );
    assert.deepEqual(stdout.trimEnd().split('\n'), ['uncaught: listener', '1']);
  }).timeout(20_000);
});
