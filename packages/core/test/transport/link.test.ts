// Two nodes find each other, carry frames on two lanes, and both notice at once when the other one goes.
import assert from 'node:assert/strict';
import { encodeHello, encodeReady } from '#src/adapters/websocket/hello.ts';
import { BOUND_MS, LANES, ManualClock, nodeId, TestNode, until } from './harness.ts';
import { FakeNode, greet, helloOf, Relay, Stranger } from './strangers.ts';

describe('a link between two nodes', () => {
  const cleanup: (() => Promise<void>)[] = [];
  const use = async (node: TestNode): Promise<TestNode> => {
    await node.start();
    cleanup.push(() => node.stop());
    return node;
  };
  afterEach(async () => {
    for (const stop of cleanup.splice(0).reverse()) await stop();
  });

  const pair = async (): Promise<{ one: TestNode; two: TestNode }> => {
    const two = await use(new TestNode({ node: 2 }));
    const one = await use(new TestNode({ node: 1, addresses: { 2: two.address } }));
    await Promise.all([one.saw('up 2'), two.saw('up 1')]);
    return { one, two };
  };

  it('comes up once at both ends and carries frames of both lanes both ways, in order', async () => {
    const { one, two } = await pair();
    for (const lane of LANES) {
      for (let index = 0; index < 100; index++) {
        assert.equal(one.send(2, lane, `a${index}`), true);
        assert.equal(two.send(1, lane, `b${index}`), true);
      }
    }
    await Promise.all([two.saw('1 ', 200), one.saw('2 ', 200)]);
    const expected = Array.from({ length: 100 }, (_, index) => index);
    for (const lane of LANES) {
      const ofLane = (node: TestNode, from: number): string[] =>
        node.events.filter((event) => event.startsWith(`${from} ${lane}`));
      assert.deepEqual(
        ofLane(two, 1),
        expected.map((index) => `1 ${lane} a${index}`),
      );
      assert.deepEqual(
        ofLane(one, 2),
        expected.map((index) => `2 ${lane} b${index}`),
      );
    }
    assert.deepEqual([one.events[0], two.events[0]], ['up 2', 'up 1']);
    assert.deepEqual(
      two.transport.links().map(({ node, up, incarnation }) => ({ node, up, incarnation })),
      [{ node: 1, up: true, incarnation: 1 }],
    );
  });

  it('is greeted again when a backend was opened late, and refused when the two backends differ', async () => {
    const two = await use(new TestNode({ node: 2 }));
    let facts: readonly (readonly [string, string])[] = [['backend', 'kv']];
    const one = await use(new TestNode({ node: 1, addresses: { 2: two.address }, backend: () => facts }));
    await Promise.all([one.saw('up 2'), two.saw('up 1')]);
    facts = [...facts, ['version', '16']];
    one.transport.greetAgain('the store was opened');
    await Promise.all([one.saw('down 2'), two.saw('down 1')]);
    await until(() => two.count('refused.WIRE_WRONG_BACKEND') > 0, JSON.stringify(two.transport.counters()));
    assert.equal(two.transport.links()[0]?.up, false);
    facts = [
      ['backend', 'kv'],
      ['version', '15'],
    ];
    await Promise.all([one.saw('up 2', 2), two.saw('up 1', 2)]);
  });

  it('hands over frames as plain byte arrays, so that slice is a copy', async () => {
    const two = new TestNode({ node: 2 });
    await two.server.listen().then(({ port }) => (two.port = port));
    cleanup.push(() => two.stop());
    let kind = '';
    two.transport.start({
      onUp: () => undefined,
      onDown: () => undefined,
      onFrame: (_from, _lane, frame) => (kind = frame.constructor.name),
    });
    const one = await use(new TestNode({ node: 1, addresses: { 2: two.address } }));
    await one.saw('up 2');
    one.send(2, 'control', 'x');
    await until(() => kind !== '', 'a frame arrives');
    assert.equal(kind, 'Uint8Array');
  });

  it('loses no frame that is sent from inside onUp, by either side', async () => {
    const two = new TestNode({ node: 2 });
    two.port = (await two.server.listen()).port;
    cleanup.push(() => two.stop());
    const one = new TestNode({ node: 1, addresses: { 2: two.address } });
    one.port = (await one.server.listen()).port;
    cleanup.push(() => one.stop());
    for (const [node, peer] of [
      [two, 1],
      [one, 2],
    ] as const) {
      node.transport.start({
        onUp: () => {
          node.events.push('up');
          for (const lane of LANES) assert.equal(node.send(peer, lane, 'first'), true);
        },
        onDown: () => node.events.push('down'),
        onFrame: (from, lane, frame) => node.events.push(`${from} ${lane} ${frame.length}`),
      });
    }
    await Promise.all([one.saw('2 ', 2), two.saw('1 ', 2)]);
    assert.equal(one.events[0], 'up');
    assert.equal(two.events[0], 'up');
  });

  it('refuses to send without a link, and says so in the counters', async () => {
    const one = await use(new TestNode({ node: 2 }));
    assert.equal(one.send(1, 'control', 'x'), false);
    assert.equal(one.send(9, 'control', 'x'), false);
    assert.equal(one.transport.queuedBytes(nodeId(1)), 0);
    assert.equal(one.count('droppedNoLink'), 1);
  });

  it('goes down at both ends when one node stops, and comes up again with its next incarnation', async () => {
    const relay = new Relay();
    const address = await relay.start();
    cleanup.push(() => relay.stop());
    const first = await new TestNode({ node: 2 }).start();
    relay.targetPort = first.port;
    const one = await use(new TestNode({ node: 1, addresses: { 2: address } }));
    await one.saw('up 2');
    await first.stop();
    await one.saw('down 2');
    const second = await use(new TestNode({ node: 2, incarnation: 2 }));
    relay.targetPort = second.port;
    await one.saw('up 2', 2);
    assert.deepEqual(one.events, ['up 2', 'down 2', 'up 2']);
    assert.equal(one.transport.links()[0]?.incarnation, 2);
  });

  it('goes down as a whole, once, when one of its two connections is lost', async () => {
    for (const lane of LANES) {
      const two = await use(new TestNode({ node: 2 }));
      const lanes = await greet(two.port);
      await two.saw('up 1');
      lanes[lane].ws.terminate();
      await two.saw('down 1');
      await Promise.all(LANES.map((each) => lanes[each].ended()));
      assert.deepEqual(two.events, ['up 1', 'down 1']);
    }
  });

  it('is not up before both lanes have said ready, and drops nothing that follows', async () => {
    const two = await use(new TestNode({ node: 2 }));
    const control = await Stranger.dial(two.port);
    control.say(encodeHello(helloOf({ lane: 'control' })));
    await control.heard(1);
    const bulk = await Stranger.dial(two.port);
    bulk.say(encodeHello(helloOf({ lane: 'bulk' })));
    await bulk.heard(1);
    assert.deepEqual(two.events, []);
    control.say(encodeReady());
    control.say(new Uint8Array(Buffer.from('early')));
    await two.saw('1 control early');
    bulk.say(encodeReady());
    bulk.say(new Uint8Array(Buffer.from('later')));
    await two.saw('1 bulk later');
    assert.equal(two.events[0], 'up 1');
  });

  it('never delivers a frame of an old connection after a newer one is up', async () => {
    const two = await use(new TestNode({ node: 2 }));
    const old = await greet(two.port);
    await two.saw('up 1');
    const dialling = greet(two.port, { attempt: 2 });
    // The old connection goes on speaking during the whole greeting of the new one.
    let running = true;
    const chatter = (): void => {
      if (!running) return;
      for (const lane of LANES)
        if (old[lane].ws.readyState === 1) old[lane].say(new Uint8Array(Buffer.from('old')));
      setImmediate(chatter);
    };
    chatter();
    const next = await dialling;
    await two.saw('up 1', 2);
    for (const lane of LANES) next[lane].say(new Uint8Array(Buffer.from('new')));
    await two.saw('1 control new');
    await two.saw('1 bulk new');
    await Promise.all(LANES.map((lane) => old[lane].ended()));
    running = false;
    const afterUp = two.events.slice(two.events.lastIndexOf('up 1') + 1);
    assert.deepEqual(afterUp.toSorted(), ['1 bulk new', '1 control new']);
    assert.ok(two.events.includes('down 1'), 'the first link went down before the second came up');
  });

  it('refuses a dial that is older than the one it has', async () => {
    const two = await use(new TestNode({ node: 2 }));
    await greet(two.port, { attempt: 5 });
    await two.saw('up 1');
    const late = await Stranger.dial(two.port);
    late.say(encodeHello(helloOf({ attempt: 4 })));
    assert.match((await late.ended()).reason, /^WIRE_STALE_INCARNATION/);
    assert.deepEqual(two.events, ['up 1']);
  });

  it('closes with a reason what cannot be read, tells both ends, and comes up again', async () => {
    const { one, two } = await pair();
    two.transport.reject(nodeId(1), 'WIRE_CHECKSUM', 'frame 7 is damaged');
    assert.equal(two.events.at(-1), 'down 1');
    await one.saw('down 2');
    await Promise.all([one.saw('up 2', 2), two.saw('up 1', 2)]);
    assert.equal(two.count('unreadable.WIRE_CHECKSUM'), 1);
  });

  it('calls no handler any more once it is closed', async () => {
    const { one, two } = await pair();
    await two.transport.close();
    await one.saw('down 2');
    assert.deepEqual(two.events, ['up 1']);
    assert.equal(two.send(1, 'control', 'x'), false);
  });
});

describe('dialling again', () => {
  it('waits longer each time within its bounds, and starts over after a link that held', async () => {
    const clock = new ManualClock();
    let refuse = true;
    const fake = new FakeNode((hello, stranger) => {
      if (refuse) stranger.ws.terminate();
      else stranger.say(FakeNode.reply(hello));
    });
    const limits = { reconnectMinMs: 20, reconnectMaxMs: 1000 };
    const one = new TestNode({
      node: 1,
      addresses: { 2: await fake.start() },
      clock,
      limits,
      random: () => 0.5,
    });
    await one.start();
    try {
      const delays: number[] = [];
      for (let dial = 1; dial <= 8; dial++) {
        await until(
          () =>
            one.count('dials') === dial && clock.waitingMs.length === 1 && (clock.waitingMs[0] ?? 0) < 1500,
          `dial ${dial} ends`,
        );
        const delay = clock.waitingMs[0] ?? 0;
        delays.push(delay);
        if (dial === 8) refuse = false;
        clock.advance(delay);
      }
      assert.deepEqual(delays, [15, 30, 60, 120, 240, 480, 750, 750]);
      await one.saw('up 2');
      clock.advance(1000);
      for (const stranger of fake.sockets) stranger.ws.terminate();
      await one.saw('down 2');
      assert.deepEqual(clock.waitingMs, [15]);
    } finally {
      await one.stop();
      await fake.stop();
    }
  }).timeout(BOUND_MS * 2);
});
