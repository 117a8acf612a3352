// Who is not who it must be is told so with a code, is counted, and changes nothing: neither a link that is up nor
// the node itself.
import assert from 'node:assert/strict';
import type { ErrorCode } from '@quorate/wire';
import { encodeHello, encodeReady, encodeReject, type Hello } from '#src/adapters/websocket/hello.ts';
import { LANES, type NodeOptions, nodeId, TestNode, until } from './harness.ts';
import { FakeNode, greet, helloOf, Stranger } from './strangers.ts';

describe('a node that is dialled', () => {
  let two: TestNode;
  const start = async (options: Partial<NodeOptions> = {}): Promise<void> => {
    two = await new TestNode({ node: 2, ...options }).start();
  };
  afterEach(() => two.stop());

  const refused = async (first: Uint8Array, code: ErrorCode): Promise<void> => {
    const stranger = await Stranger.dial(two.port);
    stranger.say(first);
    const end = await stranger.ended();
    const greeting = stranger.greeting(0);
    assert.equal(greeting.kind === 'reject' ? greeting.code : greeting.kind, code);
    assert.equal(end.code, 4000);
    assert.ok(end.reason.startsWith(code), end.reason);
    assert.equal(two.count(`refused.${code}`), 1);
    assert.equal(two.count('ungreeted'), 0);
    assert.deepEqual(two.events, []);
  };

  const matrix: readonly (readonly [string, Partial<Hello>, ErrorCode])[] = [
    ['another cluster', { clusterId: 'another' }, 'WIRE_WRONG_CLUSTER'],
    ['the same members in another order', { genesisDigest: 'another' }, 'WIRE_WRONG_CLUSTER'],
    ['another number of groups', { groups: 2 }, 'WIRE_WRONG_CLUSTER'],
    ['another backend', { backend: [['backend', 'redis']] }, 'WIRE_WRONG_BACKEND'],
    [
      'a backend of another version',
      {
        backend: [
          ['backend', 'kv'],
          ['version', '16'],
        ],
      },
      'WIRE_WRONG_BACKEND',
    ],
    ['one that wanted another node', { to: nodeId(3) }, 'WIRE_WRONG_NODE'],
    ['one that has our own number', { from: nodeId(2) }, 'WIRE_WRONG_NODE'],
    ['one that is no member', { from: nodeId(9) }, 'WIRE_WRONG_NODE'],
    ['one that should wait to be dialled', { from: nodeId(3) }, 'WIRE_WRONG_NODE'],
    ['a later version', { versions: { min: 2, max: 3 } }, 'WIRE_VERSION'],
    ['an earlier version', { versions: { min: 0, max: 0 } }, 'WIRE_VERSION'],
  ];
  for (const [who, changes, code] of matrix) {
    it(`refuses ${who} with ${code}`, async () => {
      await start();
      await refused(encodeHello(helloOf(changes)), code);
    });
  }

  const noise: readonly (readonly [string, Uint8Array])[] = [
    ['garbage', new Uint8Array(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
    ['an empty frame', new Uint8Array(0)],
    ['half a hello', encodeHello(helloOf()).subarray(0, 40)],
    ['a hello with a tail', Uint8Array.of(...encodeHello(helloOf()), 1)],
    ['ready before hello', encodeReady()],
    ['a rejection out of nothing', encodeReject('STORAGE_REPLACED', 'go away')],
  ];
  for (const [what, frame] of noise) {
    it(`refuses ${what} with WIRE_MALFORMED, and the owner hears nothing`, async () => {
      await start();
      await refused(frame, 'WIRE_MALFORMED');
    });
  }

  it('asks its owner about storage and incarnation, and hands on the verdict', async () => {
    const asked: unknown[] = [];
    await start({
      admit: (...who) => {
        asked.push(who);
        return { ok: false, code: 'STORAGE_REPLACED', message: 'known with another storage' };
      },
    });
    await refused(encodeHello(helloOf({ storageId: 'fresh', incarnation: 7 })), 'STORAGE_REPLACED');
    assert.deepEqual(asked, [[1, 'fresh', 7, 'nonce-1']]);
  });

  it('refuses an incarnation that is over, and leaves the newer one alone', async () => {
    await start();
    const lanes = await greet(two.port, { incarnation: 5 });
    await two.saw('up 1');
    const ghost = await Stranger.dial(two.port);
    ghost.say(encodeHello(helloOf({ incarnation: 4, attempt: 99 })));
    assert.match((await ghost.ended()).reason, /^STORAGE_REPLACED/);
    lanes.control.say(new Uint8Array(Buffer.from('alive')));
    await two.saw('1 control alive');
    assert.deepEqual(two.events, ['up 1', '1 control alive']);
  });

  it('refuses a second process with the same incarnation, which can only be a copy', async () => {
    await start();
    await greet(two.port);
    await two.saw('up 1');
    const copy = await Stranger.dial(two.port);
    copy.say(encodeHello(helloOf({ processNonce: 'another', attempt: 99 })));
    assert.match((await copy.ended()).reason, /^STORAGE_REPLACED/);
    assert.deepEqual(two.events, ['up 1']);
  });

  it('takes the next incarnation in place of the last one, whatever its dials are numbered', async () => {
    await start();
    const old = await greet(two.port, { incarnation: 5, attempt: 40 });
    await two.saw('up 1');
    await greet(two.port, { incarnation: 6, attempt: 1, processNonce: 'another' });
    await two.saw('up 1', 2);
    assert.deepEqual(two.events, ['up 1', 'down 1', 'up 1']);
    await Promise.all(LANES.map((lane) => old[lane].ended()));
  });

  it('refuses the same lane twice', async () => {
    await start();
    const first = await Stranger.dial(two.port);
    first.say(encodeHello(helloOf()));
    await first.heard(1);
    const second = await Stranger.dial(two.port);
    second.say(encodeHello(helloOf()));
    assert.match((await second.ended()).reason, /^WIRE_MALFORMED/);
  });

  it('refuses ready before both lanes have said hello', async () => {
    await start();
    const control = await Stranger.dial(two.port);
    control.say(encodeHello(helloOf()));
    await control.heard(1);
    control.say(encodeReady());
    assert.match((await control.ended()).reason, /^WIRE_MALFORMED/);
    assert.deepEqual(two.events, []);
  });

  it('tells its owner when the dialling node, once greeted, knows it with another storage', async () => {
    await start();
    const control = await Stranger.dial(two.port);
    control.say(encodeHello(helloOf()));
    await control.heard(1);
    control.say(encodeReject('STORAGE_REPLACED', 'known with storage abc'));
    await two.saw('disowned by 1: known with storage abc');
    assert.equal(two.count('refusedByPeer.STORAGE_REPLACED'), 1);
  });

  it('answers 503 before it is started', async () => {
    two = new TestNode({ node: 2 });
    two.port = (await two.server.listen()).port;
    await assert.rejects(Stranger.dial(two.port), /503/);
  });

  it('answers 400 without the sub-protocol and 403 to a page of a browser', async () => {
    await start();
    await assert.rejects(Stranger.dial(two.port, '/peer', 'something.else'), /400/);
    const { WebSocket } = await import('ws');
    const page = new Stranger(
      new WebSocket(`ws://${two.address}/peer`, ['quorate.peer.v1'], { origin: 'http://evil.example' }),
    );
    await page.ended();
    assert.equal(two.count('upgradesRefused.400'), 1);
    assert.equal(two.count('upgradesRefused.403'), 1);
  });
});

describe('a node that dials', () => {
  let one: TestNode;
  let fake: FakeNode;
  const dial = async (
    answer: (hello: Hello, stranger: Stranger) => void,
    options: Partial<NodeOptions> = {},
  ): Promise<void> => {
    fake = new FakeNode(answer);
    one = await new TestNode({ node: 1, addresses: { 2: await fake.start() }, ...options }).start();
  };
  afterEach(async () => {
    await one.stop();
    await fake.stop();
  });

  const matrix: readonly (readonly [string, Partial<Hello>, ErrorCode])[] = [
    ['belongs to another cluster', { clusterId: 'another' }, 'WIRE_WRONG_CLUSTER'],
    ['is another node than the address says', { from: nodeId(3) }, 'WIRE_WRONG_NODE'],
    ['takes us for somebody else', { to: nodeId(3) }, 'WIRE_WRONG_NODE'],
    ['speaks another version', { versions: { min: 7, max: 7 } }, 'WIRE_VERSION'],
    ['answers another hello', { attempt: 999 }, 'WIRE_MALFORMED'],
    ['answers for the other lane', { lane: 'control' }, 'WIRE_MALFORMED'],
  ];
  for (const [who, changes, code] of matrix) {
    it(`refuses a node that ${who}, tells it, and dials again`, async () => {
      await dial((hello, stranger) => {
        if (hello.lane === 'bulk') stranger.say(FakeNode.reply(hello, changes));
      });
      await until(() => one.count(`refused.${code}`) >= 2, `${code} twice`);
      const told = fake.sockets.flatMap((stranger) => stranger.frames.slice(1));
      assert.ok(told.length > 0, 'the node was told');
      assert.deepEqual(one.events, []);
    });
  }

  it('asks its owner about the node it reached', async () => {
    await dial((hello, stranger) => stranger.say(FakeNode.reply(hello, { storageId: 'fresh' })), {
      admit: (node, storageId) => ({ ok: false, code: 'STORAGE_REPLACED', message: `${node} ${storageId}` }),
    });
    await until(() => one.count('refused.STORAGE_REPLACED') > 0, 'the refusal');
    assert.deepEqual(one.events, []);
  });

  it('tells its owner when it is told that its storage is not the one that was known', async () => {
    await dial((_hello, stranger) =>
      stranger.say(encodeReject('STORAGE_REPLACED', 'known with\nstorage abc')),
    );
    await one.saw('disowned by 2: known with storage abc');
    assert.ok(one.count('refusedByPeer.STORAGE_REPLACED') > 0);
  });

  it('goes on dialling when it is refused for any other reason, also one that it does not know', async () => {
    const unknown = encodeReject('CLOSED', 'later');
    unknown.set([0xff, 0xff], 5);
    await dial((_hello, stranger) => stranger.say(unknown));
    await until(() => one.count('refusedByPeer.UNKNOWN') >= 2, 'refused twice');
    assert.deepEqual(one.events, []);
  });
});
