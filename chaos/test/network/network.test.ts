/** Purpose: faults between two sites hit the flow they name, whoever has dialled, and routes lead every site to its own links. */
import assert from 'node:assert/strict';
import { Network, type Site } from '#src/network/network.ts';
import { readRoutes } from '#src/site/environment.ts';
import { EchoServer, Peer, until } from './echo.ts';

describe('network', () => {
  it('gives a node routes to those it dials and a client routes to all', async () => {
    await using network = await Network.open(['127.0.0.1:1001', '127.0.0.1:1002', '127.0.0.1:1003'], 2);
    const known = (site: Site): string[] => [...readRoutes(network.routesOf(site)).keys()];
    assert.deepEqual(known('n1'), ['127.0.0.1:1002', '127.0.0.1:1003']);
    assert.deepEqual(known('n3'), []);
    assert.deepEqual(known('c2'), ['127.0.0.1:1001', '127.0.0.1:1002', '127.0.0.1:1003']);
    const ports = ['n1', 'n2', 'c1', 'c2'].flatMap((site) => [
      ...readRoutes(network.routesOf(site as Site)).values(),
    ]);
    assert.equal(new Set(ports).size, ports.length);
    assert.throws(() => network.hold({ from: 'c1', to: 'c2' }), { code: 'ARGUMENT' });
  });

  it('cuts what the named site sends, also when it is the one that was dialled', async () => {
    await using echo = await EchoServer.listen();
    const addr = `127.0.0.1:${echo.port}`;
    await using network = await Network.open(['127.0.0.1:1001', addr], 1);
    using peer = new Peer(readRoutes(network.routesOf('n1')).get(addr) ?? '');
    using client = new Peer(readRoutes(network.routesOf('c1')).get(addr) ?? '');
    peer.socket.write('a');
    await peer.hears('a');
    const flow = { from: 'n2', to: 'n1' } as const;
    network.hold(flow);
    peer.socket.write('b');
    await until('the flow to be met', () => network.affectedPieces(flow) > 0);
    assert.equal(peer.got, 'a');
    assert.equal(network.affectedPieces({ from: 'n1', to: 'n2' }), 0);
    client.socket.write('c');
    await client.hears('c');
    network.release(flow);
    await peer.hears('ab');
    network.tear(flow, () => 0.5);
    peer.socket.write('0123');
    await until('the reset', () => peer.ended !== undefined);
    assert.equal(peer.got, 'ab01');
    assert.equal(network.reset('n2', 'c1'), 1);
    await until('the reset', () => client.ended !== undefined);
  });
});
