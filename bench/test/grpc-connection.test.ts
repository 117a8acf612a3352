/**
 * Purpose: the hand-written HTTP/2 of the etcd load is understood by another implementation, keeps within the
 * server's windows, and tells an answered call from a failed one.
 */
import assert from 'node:assert/strict';
import { createServer, type Http2Server, type IncomingHttpHeaders } from 'node:http2';
import { type CallResult, GrpcConnection } from '#src/etcd/grpc-connection.ts';

const PATH = '/etcdserverpb.KV/Put';

describe('etcd load connection', () => {
  let server: Http2Server;
  let heads: IncomingHttpHeaders[] = [];
  let bodies: Buffer[] = [];

  beforeEach(async () => {
    heads = [];
    bodies = [];
    server = createServer();
    server.on('stream', (stream, headers) => {
      heads.push(headers);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const body = Buffer.concat(chunks);
        bodies.push(body);
        // A failed unary call is answered by trailers alone, as gRPC servers do.
        if (body.includes('fail'))
          return stream.respond({ ':status': 200, 'grpc-status': '13' }, { endStream: true });
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 0]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach((done) => {
    server.close(() => done());
  });

  async function callAll(messages: readonly Buffer[]): Promise<CallResult[]> {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const connection = await GrpcConnection.open(port, PATH);
    const calls = messages.map(
      (message) => new Promise<CallResult>((resolve) => connection.call(message, resolve)),
    );
    const results = await Promise.all(calls);
    connection.close();
    return results;
  }

  it('sends the same headers in full and by reference', async () => {
    const results = await callAll([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]);
    assert.deepEqual(results, ['answered', 'answered', 'answered']);
    for (const headers of heads) {
      assert.equal(headers[':method'], 'POST');
      assert.equal(headers[':path'], PATH);
      assert.match(String(headers[':authority']), /^127\.0\.0\.1:\d+$/);
      assert.equal(headers['content-type'], 'application/grpc');
      assert.equal(headers.te, 'trailers');
    }
    assert.deepEqual(bodies.map((body) => body.toString('latin1')).sort(), [
      '\0\0\0\0\x01a',
      '\0\0\0\0\x01b',
      '\0\0\0\0\x01c',
    ]);
  });

  it('tells a failed call from an answered one', async () => {
    assert.deepEqual(await callAll([Buffer.from('good'), Buffer.from('fail'), Buffer.from('good')]), [
      'answered',
      'failed',
      'answered',
    ]);
  });

  it('waits for room when more is called than the window of the connection takes', async () => {
    const messages = Array.from({ length: 200 }, () => Buffer.alloc(1000, 'w'));
    const results = await callAll(messages);
    assert.equal(results.filter((result) => result === 'answered').length, 200);
    assert.equal(
      bodies.reduce((sum, body) => sum + body.length, 0),
      200 * 1005,
    );
  });
});
