/** Purpose: a link passes bytes whole and in order, and each fault of it does to a connection what it says. */
import assert from 'node:assert/strict';
import { FULL_SPEED } from '#src/network/direction.ts';
import { Link } from '#src/network/link.ts';
import { EchoServer, Peer, until } from './echo.ts';

describe('link', () => {
  it('passes bytes both ways, many and large, and the end of the stream', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    const text = Array.from({ length: 200_000 }, (_, index) => `${index},`).join('');
    peer.socket.end(text);
    await until('the end', () => peer.ended === 'end');
    assert.equal(peer.got, text);
    assert.equal(echo.heard, text);
    assert.deepEqual(echo.ends, ['end']);
    peer.socket.destroy();
    await until('the link to forget the connection', () => link.connectionCount === 0);
  });

  it('holds one direction back and delivers late, in order, when released', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    peer.socket.write('one.');
    await peer.hears('one.');
    link.back.hold();
    peer.socket.write('two.');
    await until('the server to hear', () => echo.heard === 'one.two.');
    peer.socket.write('three.');
    await until('the server to hear again', () => echo.heard.endsWith('three.'));
    assert.equal(peer.got, 'one.');
    assert.ok(link.back.affectedPieces > 0);
    assert.equal(link.out.affectedPieces, 0);
    link.back.release();
    await peer.hears('one.two.three.');
  });

  it('holds as long as the last of several holds', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    peer.socket.write('a');
    await peer.hears('a');
    link.out.hold();
    link.out.hold();
    peer.socket.write('b');
    await until('the hold to be met', () => link.out.affectedPieces > 0);
    link.out.release();
    assert.equal(link.out.isHeld, true);
    assert.equal(echo.heard, 'a');
    link.out.release();
    await peer.hears('ab');
  });

  it('hides the end of a connection behind a hold', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    peer.socket.write('a');
    await peer.hears('a');
    link.out.hold();
    peer.socket.write('b');
    await until('the hold to be met', () => link.out.affectedPieces > 0);
    peer.socket.destroy();
    await until('the socket to be gone', () => peer.socket.closed);
    assert.deepEqual([echo.heard, echo.ends], ['a', []]);
    link.out.release();
    await until('the server to hear of both', () => echo.ends.length > 0);
    assert.equal(echo.heard, 'ab');
  });

  it('lets whoever dials into a cut wait until it heals', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    link.back.hold();
    using peer = new Peer(link.address);
    peer.socket.write('hello');
    await until('the dial to be met', () => link.out.affectedPieces > 0);
    assert.equal(echo.connectionCount, 0);
    link.back.release();
    await peer.hears('hello');
  });

  it('resets both ends', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    peer.socket.write('a');
    await peer.hears('a');
    assert.equal(link.reset(), 1);
    await until('both ends to hear', () => peer.ended !== undefined && echo.ends.length > 0);
    assert.deepEqual([peer.ended, echo.ends], ['ECONNRESET', ['ECONNRESET']]);
    assert.equal(link.connectionCount, 0);
    using next = new Peer(link.address);
    next.socket.write('b');
    await next.hears('b');
  });

  it('tears a piece in the middle: a beginning arrives, then the reset', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    peer.socket.write('a');
    await peer.hears('a');
    assert.equal(
      link.tear('out', () => 0.5),
      1,
    );
    peer.socket.write('0123456789');
    await until('both ends to hear', () => peer.ended !== undefined && echo.ends.length > 0);
    assert.equal(echo.heard, 'a01234');
    assert.equal(peer.ended, 'ECONNRESET');
  });

  it('tears nothing away from a piece whole, whatever the share', async () => {
    for (const [share, expected] of [
      [0, 'ax'],
      [1, 'ax'],
    ] as const) {
      await using echo = await EchoServer.listen();
      await using link = await openLink(echo);
      using peer = new Peer(link.address);
      peer.socket.write('a');
      await peer.hears('a');
      link.tear('out', () => share);
      peer.socket.write('xy');
      await until('both ends to hear', () => peer.ended !== undefined && echo.ends.length > 0);
      assert.equal(echo.heard, expected);
    }
  });

  it('delays, keeps the order, and counts what it delayed', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    peer.socket.write('a');
    await peer.hears('a');
    link.out.slowDown({ ...FULL_SPEED, latencyMs: 60, jitterMs: 40 });
    const startedAt = performance.now();
    for (const sign of 'bcdefgh') peer.socket.write(sign);
    await peer.hears('abcdefgh');
    assert.ok(performance.now() - startedAt >= 59);
    assert.ok(link.out.affectedPieces > 0);
  });

  it('throttles to the given number of bytes per second', async () => {
    await using echo = await EchoServer.listen();
    await using link = await openLink(echo);
    using peer = new Peer(link.address);
    link.out.slowDown({ ...FULL_SPEED, bytesPerSecond: 20_000 });
    const startedAt = performance.now();
    for (let piece = 0; piece < 4; piece++) {
      peer.socket.write('x'.repeat(1000));
      await until('the piece', () => peer.got.length === (piece + 1) * 1000);
    }
    // The first piece goes at once, each of the others after what went before.
    assert.ok(performance.now() - startedAt >= 145, `${performance.now() - startedAt} ms`);
  });

  it('resets whoever dials a target that refuses', async () => {
    const echo = await EchoServer.listen();
    await using link = await openLink(echo);
    await echo[Symbol.asyncDispose]();
    using peer = new Peer(link.address);
    await until('the refusal', () => peer.ended !== undefined);
    assert.equal(peer.ended, 'ECONNRESET');
    await until('the link to forget the connection', () => link.connectionCount === 0);
  });
});

function openLink(echo: EchoServer): Promise<Link> {
  return Link.open({ host: '127.0.0.1', port: echo.port });
}
