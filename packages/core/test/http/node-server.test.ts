// The one port of a node over plain HTTP: what each path answers, what is refused, and how the port opens and closes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { QuorateError } from '@quorate/wire';
import {
  createNodeServer,
  type HttpLimits,
  type NodeServer,
  type ReadinessCheck,
} from '#src/adapters/http/index.ts';
import { listenError } from '#src/adapters/http/listen.ts';

type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

function ask(port: number, method: string, path: string, body = ''): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = body === '' ? {} : { 'Content-Length': String(body.length) };
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Sends bytes as they are and gives everything that comes back until the connection ends. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

describe('the port of a node', () => {
  let server: NodeServer;
  let port: number;
  let checks: ReadinessCheck[];
  let status: () => unknown;
  const upgraded: Socket[] = [];

  const open = async (limits: Partial<HttpLimits> = {}): Promise<void> => {
    checks = [{ name: 'leader', ok: true, detail: 'node 1 leads' }];
    status = () => ({ leader: 1 });
    server = createNodeServer({
      host: '127.0.0.1',
      port: 0,
      readiness: () => checks,
      status: () => status(),
      explain: (words) => `would log ${words.join('|')}`,
      upgrades: {
        '/peer': (_request, socket) => {
          socket.on('error', () => undefined);
          upgraded.push(socket as Socket);
          socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
        },
      },
      limits,
    });
    port = (await server.listen()).port;
  };
  afterEach(async () => {
    await server.close();
    upgraded.length = 0;
  });

  it('says that the process lives', async () => {
    await open();
    const { status: code, body, headers } = await ask(port, 'GET', '/livez');
    assert.deepEqual([code, body], [200, '{"alive":true}\n']);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  });

  it('is ready when every check is, and says why not otherwise', async () => {
    await open();
    assert.deepEqual(await ask(port, 'GET', '/readyz').then(({ status: code, body }) => [code, body]), [
      200,
      '{"ready":true}\n',
    ]);
    checks = [
      { name: 'leader', ok: false, detail: 'no leader is known' },
      { name: 'backend', ok: true, detail: 'fine' },
    ];
    const plain = await ask(port, 'GET', '/readyz');
    assert.equal(plain.status, 503);
    assert.deepEqual(JSON.parse(plain.body), { ready: false, reason: 'leader: no leader is known' });
    const verbose = await ask(port, 'GET', '/readyz?verbose');
    assert.deepEqual(JSON.parse(verbose.body), {
      ready: false,
      reason: 'leader: no leader is known',
      checks,
    });
  });

  it('gives its status as JSON, and a plain 500 when it cannot', async () => {
    await open();
    assert.deepEqual(await ask(port, 'GET', '/v1/status').then(({ status: code, body }) => [code, body]), [
      200,
      '{"leader":1}\n',
    ]);
    status = () => {
      throw new Error('secret detail');
    };
    const failed = await ask(port, 'GET', '/v1/status');
    assert.equal(failed.status, 500);
    assert.ok(!failed.body.includes('secret'), 'the reason is for the log');
  });

  it('says what would become of a command, given as one text or word by word', async () => {
    await open();
    const explained = async (query: string): Promise<unknown> =>
      JSON.parse((await ask(port, 'GET', `/v1/explain${query}`)).body);
    assert.deepEqual(await explained('?word=set+k+%C3%A4'), { explanation: 'would log set k ä' });
    assert.deepEqual(await explained('?word=set&word=a%20key&word='), {
      explanation: 'would log set|a key|',
    });
    assert.equal((await ask(port, 'GET', '/v1/explain')).status, 400);
  });

  it('answers 404 for every other path and 405 for every other method, in JSON', async () => {
    await open();
    for (const path of [
      '/',
      '/livez/',
      '//livez',
      '/LIVEZ',
      '/v1/status/../x',
      '/%6civez',
      '/__proto__',
      '/peer',
    ]) {
      const { status: code, body } = await ask(port, 'GET', path);
      assert.equal(code, 404, path);
      assert.deepEqual(JSON.parse(body), {
        error: { status: 404, message: 'there is nothing at this path' },
      });
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status: code, headers } = await ask(port, method, '/livez', 'x');
      assert.deepEqual([code, headers.allow], [405, 'GET, HEAD'], method);
    }
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    await open();
    const [head, get] = [await ask(port, 'HEAD', '/v1/status'), await ask(port, 'GET', '/v1/status')];
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.equal(head.headers['content-length'], get.headers['content-length']);
  });

  it('sends headers that keep browsers from doing anything with an answer', async () => {
    await open();
    for (const path of ['/livez', '/nothing']) {
      const { headers } = await ask(port, 'GET', path);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cache-control'], 'no-store');
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  it('refuses long bodies, bodies of unknown length and long headers, and closes', async () => {
    await open({ maxBodyBytes: 10 });
    assert.match(
      await raw(port, 'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n'),
      /^HTTP\/1\.1 413 /,
    );
    assert.match(
      await raw(port, 'GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'),
      /^HTTP\/1\.1 413 /,
    );
    const long = `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
    assert.match(await raw(port, long), /^HTTP\/1\.1 431 /);
    assert.match(await raw(port, 'this is not HTTP\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.equal((await ask(port, 'GET', '/livez')).status, 200);
  });

  it('cuts off who sends headers too slowly, and who sends nothing', async () => {
    await open({ headersTimeoutMs: 50 });
    const [slow, silent] = await Promise.all([
      raw(port, 'GET /livez HTTP/1.1\r\nHost: a\r\n'),
      raw(port, ''),
    ]);
    assert.match(slow, /^HTTP\/1\.1 408 /);
    assert.match(silent, /^(HTTP\/1\.1 408 |$)/);
  });

  it('hands upgrades to the owner of the path and answers 404 for others', async () => {
    await open();
    const upgrade = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    const answer = await raw(port, upgrade('/elsewhere'));
    assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
    assert.match(answer, /\{"error":\{"status":404,/);
    assert.match(answer, /X-Content-Type-Options: nosniff/);
    const socket = connect({ host: '127.0.0.1', port });
    socket.write(upgrade('/peer?x=1'));
    await once(socket, 'data');
    assert.equal(upgraded.length, 1);
    socket.destroy();
  });

  it('closes in bounded time, with idle, half-spoken and upgraded connections open', async () => {
    await open({ drainTimeoutMs: 50 });
    const idle = connect({ host: '127.0.0.1', port });
    const half = connect({ host: '127.0.0.1', port });
    const upgradedOne = connect({ host: '127.0.0.1', port });
    half.write('GET /livez HTTP/1.1\r\n');
    upgradedOne.write('GET /peer HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(upgradedOne, 'data');
    const ended = Promise.all(
      [idle, half, upgradedOne].map((socket) => once(socket.on('error', () => undefined).resume(), 'close')),
    );
    const startedMs = performance.now();
    await Promise.all([server.close(), server.close()]);
    assert.ok(performance.now() - startedMs < 2000);
    await ended;
    await assert.rejects(ask(port, 'GET', '/livez'), /ECONNREFUSED/);
  });

  it('can be closed without having been opened', async () => {
    await open();
    const never = createNodeServer({
      host: '127.0.0.1',
      port: 0,
      readiness: () => [],
      status: () => ({}),
      explain: () => '',
      upgrades: {},
    });
    await never.close();
  });

  it('says in one line that the port is taken, and can open once it is free', async () => {
    await open();
    const second = createNodeServer({
      host: '127.0.0.1',
      port,
      readiness: () => [],
      status: () => ({}),
      explain: () => '',
      upgrades: {},
    });
    await assert.rejects(second.listen(), (error) => {
      assert.ok(error instanceof QuorateError);
      assert.deepEqual(
        [error.code, error.message],
        ['ADDRESS_IN_USE', `127.0.0.1:${port} is in use by another process`],
      );
      return true;
    });
    await server.close();
    assert.deepEqual(await second.listen(), { host: '127.0.0.1', port });
    await second.close();
  });

  it('says in one line that an address is not of this machine', async () => {
    await open();
    // TEST-NET-1 belongs to nobody.
    const foreign = createNodeServer({
      host: '192.0.2.1',
      port: 0,
      readiness: () => [],
      status: () => ({}),
      explain: () => '',
      upgrades: {},
    });
    await assert.rejects(foreign.listen(), (error) => {
      assert.ok(error instanceof QuorateError);
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.equal(
        error.message,
        'cannot listen on 192.0.2.1:0: the address does not belong to this machine',
      );
      return true;
    });
  });

  it('has a line for every other reason not to listen', async () => {
    await open();
    const line = (code: string, host = '::1'): string => {
      const error = listenError(Object.assign(new Error('raw text'), { code }), host, 80);
      assert.equal(error.code, 'CONFIG_INVALID');
      return error.message;
    };
    assert.equal(line('EACCES'), 'cannot listen on [::1]:80: this user may not use the port');
    assert.equal(line('ENOTFOUND', 'nowhere'), 'cannot listen on nowhere:80: the name nowhere is not known');
    assert.equal(line('EWEIRD'), 'cannot listen on [::1]:80: raw text');
  });
});
