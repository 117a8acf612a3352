// Everything that a peer, a stranger or a slow network can do too much or too long of has a bound, and the other
// lane, the other links and the node itself do not notice.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { encodeHello, type Hello } from '#src/adapters/websocket/hello.ts';
import { DEFAULT_PEER_LIMITS } from '#src/adapters/websocket/index.ts';
import { LANES, ManualClock, type NodeOptions, nodeId, TestNode, until } from './harness.ts';
import { FakeNode, greet, helloOf, Relay, Stranger } from './strangers.ts';

describe('what strangers may cost', () => {
  let two: TestNode;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = new ManualClock();
    two = await new TestNode({
      node: 2,
      clock,
      limits: { maxUngreetedSockets: 3, maxGreetingBytes: 4096 },
    }).start();
  });
  afterEach(() => two.stop());

  it('cuts off who says nothing, at the time-out and not before', async () => {
    const silent = await Stranger.dial(two.port);
    await until(() => two.count('ungreeted') === 1, 'the socket is counted');
    clock.advance(DEFAULT_PEER_LIMITS.greetingTimeoutMs - 1);
    assert.equal(two.count('ungreeted'), 1);
    clock.advance(1);
    await silent.ended();
    assert.equal(two.count('ungreeted'), 0);
    assert.equal(two.count('greetingTimeouts'), 1);
  });

  it('cuts off who sends a hello byte by byte', async () => {
    const slow = await upgradeByHand(two.port);
    const hello = encodeHello(helloOf());
    // A masked binary frame that announces the whole hello and brings a part of it.
    slow.write(
      Buffer.from([0x82, 0xfe, hello.length >> 8, hello.length & 0xff, 0, 0, 0, 0, ...hello.subarray(0, 20)]),
    );
    await until(() => two.count('ungreeted') === 1, 'the socket is counted');
    clock.advance(DEFAULT_PEER_LIMITS.greetingTimeoutMs);
    await until(() => slow.destroyed, 'the socket is cut off');
    assert.equal(two.count('ungreeted'), 0);
  });

  it('cuts off who says hello on one lane only', async () => {
    const control = await Stranger.dial(two.port);
    control.say(encodeHello(helloOf()));
    await control.heard(1);
    clock.advance(DEFAULT_PEER_LIMITS.greetingTimeoutMs);
    await control.ended();
    assert.deepEqual(two.events, []);
    // The place is free again for the real one.
    await greet(two.port, { attempt: 2 });
    await two.saw('up 1');
  });

  it('cuts off who never says ready', async () => {
    const lanes = [await Stranger.dial(two.port), await Stranger.dial(two.port)];
    for (const [index, lane] of LANES.entries()) lanes[index]?.say(encodeHello(helloOf({ lane })));
    await Promise.all(lanes.map((each) => each.heard(1)));
    clock.advance(DEFAULT_PEER_LIMITS.greetingTimeoutMs);
    await Promise.all(lanes.map((each) => each.ended()));
    assert.deepEqual([two.events, two.count('ungreeted')], [[], 0]);
  });

  it('takes only so many at a time, and no room is lost', async () => {
    const crowd = [
      await Stranger.dial(two.port),
      await Stranger.dial(two.port),
      await Stranger.dial(two.port),
    ];
    await assert.rejects(Stranger.dial(two.port), /503/);
    for (const stranger of crowd) stranger.ws.terminate();
    await until(() => two.count('ungreeted') === 0, 'the places are free');
    await greet(two.port);
    await two.saw('up 1');
    assert.equal(two.count('ungreeted'), 0);
  });

  it('takes only so many bytes before the greeting is done', async () => {
    const loud = await upgradeByHand(two.port);
    // Announces a frame of 1 MiB, which the greeted would be allowed, and begins to send it.
    loud.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, ...new Uint8Array(8192)]));
    await until(() => loud.destroyed || loud.readableEnded, 'the socket is cut off');
    assert.equal(two.count('refused.WIRE_TOO_LARGE'), 1);
  });

  it('does not mind a big first frame after the greeting', async () => {
    const lanes = await greet(two.port);
    lanes.bulk.say(new Uint8Array(1024 * 1024).fill(0x61));
    await two.saw('1 bulk aaaa');
    assert.equal(two.events.at(-1)?.length, '1 bulk '.length + 1024 * 1024);
  });
});

describe('what a greeted peer may cost', () => {
  let two: TestNode;
  beforeEach(async () => {
    two = await new TestNode({ node: 2, limits: { maxFrameBytes: 10_000 } }).start();
  });
  afterEach(() => two.stop());

  const cutOff = async (speak: (control: Stranger) => void, code: string): Promise<number> => {
    const lanes = await greet(two.port);
    await two.saw('up 1');
    speak(lanes.control);
    const end = await lanes.control.ended();
    await two.saw('down 1');
    assert.equal(two.count(`unreadable.${code}`), 1);
    await greet(two.port, { attempt: 2 });
    await two.saw('up 1', 2);
    return end.code;
  };

  it('an oversize frame closes the link, and the node lives on', async () => {
    assert.equal(await cutOff((control) => control.say(new Uint8Array(10_001)), 'WIRE_TOO_LARGE'), 1009);
  });

  it('a text frame closes the link, and the node lives on', async () => {
    assert.equal(await cutOff((control) => control.ws.send('hello'), 'WIRE_MALFORMED'), 1003);
  });

  it('bytes that are no WebSocket frame close the link, and the node lives on', async () => {
    const speak = (control: Stranger): void => {
      const raw: unknown = Reflect.get(control.ws, '_socket');
      assert.ok(raw instanceof Object && 'write' in raw && typeof raw.write === 'function');
      Reflect.apply(raw.write, raw, [Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]);
    };
    assert.equal(await cutOff(speak, 'WIRE_MALFORMED'), 1002);
  });

  it('an oversize frame of our own is dropped before it leaves', async () => {
    const one = await new TestNode({
      node: 1,
      addresses: { 2: two.address },
      limits: { maxFrameBytes: 10_000 },
    }).start();
    await one.saw('up 2');
    assert.equal(one.send(2, 'bulk', 'x'.repeat(10_001)), false);
    assert.equal(one.count('droppedTooLarge'), 1);
    assert.equal(one.send(2, 'bulk', 'x'.repeat(10_000)), true);
    await two.saw('1 bulk xxx');
    await one.stop();
  });
});

describe('a peer that does not read', () => {
  let one: TestNode;
  let fake: FakeNode;
  const lanes: { control?: Stranger; bulk?: Stranger } = {};
  const start = async (options: Partial<NodeOptions> = {}): Promise<void> => {
    fake = new FakeNode((hello: Hello, stranger: Stranger) => {
      lanes[hello.lane] = stranger;
      stranger.say(FakeNode.reply(hello));
    });
    one = await new TestNode({ node: 1, addresses: { 2: await fake.start() }, ...options }).start();
    await one.saw('up 2');
  };
  afterEach(async () => {
    await one.stop();
    await fake.stop();
  });

  it('fills its bulk lane to the bound and no further, while control frames still arrive', async () => {
    const maxOutboundBytes = 8 * 1024 * 1024;
    await start({ limits: { maxOutboundBytes } });
    lanes.bulk?.ws.pause();
    const chunk = 'x'.repeat(256 * 1024);
    // The sockets of the system take some megabytes first; they empty into each other between turns.
    let refused = 0;
    await until(() => {
      while (one.send(2, 'bulk', chunk)) assert.ok(one.transport.queuedBytes(nodeId(2)) <= maxOutboundBytes);
      refused += 1;
      return refused >= 3 && one.transport.queuedBytes(nodeId(2)) > maxOutboundBytes - 2 * chunk.length;
    }, 'the bulk lane is full');
    assert.ok(one.count('droppedBulkFull') >= 3);

    const startedMs = performance.now();
    for (let index = 0; index < 100; index++) assert.equal(one.send(2, 'control', `beat ${index}`), true);
    // The first frame is the ready of the greeting, which the fake has received as well.
    await until(() => (lanes.control?.frames.length ?? 0) >= 102, 'the control frames arrive');
    assert.ok(performance.now() - startedMs < 1000, 'control waited behind bulk');
    assert.deepEqual(one.events, ['up 2']);

    const taken = one.count('framesOut') - 100;
    lanes.bulk?.ws.resume();
    await until(() => (lanes.bulk?.frames.length ?? 0) >= 2 + taken, 'every frame that was taken arrives');
    assert.equal(one.transport.queuedBytes(nodeId(2)), 0);
    assert.equal(one.send(2, 'bulk', 'again'), true);
  });

  it('has a bound of its own on the control lane', async () => {
    await start({ limits: { maxControlOutboundBytes: 64 * 1024 } });
    lanes.control?.ws.pause();
    const chunk = 'x'.repeat(32 * 1024);
    await until(() => {
      for (let round = 0; round < 64; round++) one.send(2, 'control', chunk);
      return one.count('droppedControlFull') > 0;
    }, 'the control lane is full');
    assert.equal(one.send(2, 'bulk', 'x'), true);
  });
});

describe('a network that falls silent without a word', () => {
  it('is noticed by both ends within the idle time, while a quiet but living link stays', async () => {
    const clock = new ManualClock();
    const limits = { idleTimeoutMs: 10_000 };
    const two = await new TestNode({ node: 2, clock, limits }).start();
    const relay = new Relay();
    relay.targetPort = two.port;
    const one = await new TestNode({ node: 1, addresses: { 2: await relay.start() }, clock, limits }).start();
    try {
      await Promise.all([one.saw('up 2'), two.saw('up 1')]);
      // A minute in which nobody has anything to say; the pings of each check are answered before the next one.
      for (let check = 0; check < 24; check++) {
        clock.advance(2500);
        await settle();
      }
      assert.deepEqual([one.events, two.events], [['up 2'], ['up 1']]);
      relay.freeze();
      for (let check = 0; check < 5; check++) {
        clock.advance(2500);
        await settle();
      }
      assert.deepEqual(
        [one.events, two.events],
        [
          ['up 2', 'down 2'],
          ['up 1', 'down 1'],
        ],
      );
    } finally {
      await one.stop();
      await two.stop();
      await relay.stop();
    }
  });

  it('is not confused with a long stop of our own process', async () => {
    const clock = new ManualClock();
    const two = await new TestNode({ node: 2, clock }).start();
    await greet(two.port);
    await two.saw('up 1');
    clock.advance(2500);
    await settle();
    // As after SIGCONT: an hour has passed and nothing could be read in it. That is one silent check.
    clock.jump(3_600_000);
    assert.deepEqual(two.events, ['up 1']);
    await two.stop();
  });
});

/** Long enough for pings and pongs over loopback: two round trips through a server of our own. */
async function settle(): Promise<void> {
  const probe = await new TestNode({ node: 2 }).start();
  for (let trip = 0; trip < 2; trip++) (await Stranger.dial(probe.port)).ws.terminate();
  await probe.stop();
}

/** The bytes of a WebSocket client without its library, to send what no library would. */
async function upgradeByHand(port: number): Promise<ReturnType<typeof connect>> {
  const socket = connect({ port, host: '127.0.0.1' });
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(
    [
      'GET /peer HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Protocol: quorate.peer.v1',
      '\r\n',
    ].join('\r\n'),
  );
  await until(() => answer.startsWith('HTTP/1.1 101'), 'the upgrade');
  return socket;
}
