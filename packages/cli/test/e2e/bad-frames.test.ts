/**
 * Purpose: strangers say nonsense to the port of a real node. Each connection is closed with a reason, each refusal
 * is counted, no command of theirs reaches the log, and the node lives on.
 */
import assert from 'node:assert/strict';
import type { ServerStatus } from '@quorate/core';
import {
  ByteWriter,
  CLIENT_PATH,
  CLIENT_SUBPROTOCOL,
  decodeNodeFrame,
  encodeArguments,
  encodeClientFrame,
} from '@quorate/wire';
import { RawClient } from './support/raw-client.ts';
import { type Ended, RawSocket } from './support/raw-socket.ts';
import { useScene } from './support/scene.ts';
import { printedRandom } from './support/seed.ts';
import { standingOf } from './support/standing.ts';

type Path = readonly [path: string, subprotocol: string];
const PEER: Path = ['/peer', 'quorate.peer.v1'];
const CLIENT: Path = [CLIENT_PATH, CLIENT_SUBPROTOCOL];
const MIB = 2 ** 20;
/** First five bytes of a hello between nodes. */
const PEER_HELLO = [0x51, 0x52, 0x54, 0x01, 1];

const CLIENT_HELLO = encodeClientFrame({
  kind: 'hello',
  versionMin: 1,
  versionMax: 1,
  clientName: 'stranger',
});

/** What is said, how the connection ends, and the counters that have to rise by one. */
type Row = {
  readonly what: string;
  readonly path: Path;
  readonly say: (raw: RawSocket) => void;
  readonly ended: Ended;
  readonly counted: (status: ServerStatus) => number;
};

const ROWS: readonly Row[] = [
  {
    what: 'a frame of noise to /client',
    path: CLIENT,
    say: (raw) => raw.binary(Buffer.from('ffffffffffffffff', 'hex')),
    ended: { code: 1000, reason: 'WIRE_MALFORMED' },
    counted: ({ counters }) => counters.clientFramesRefused,
  },
  {
    what: 'a request before any hello to /client',
    path: CLIENT,
    say: (raw) => raw.binary(encodeClientFrame({ kind: 'close-session', sequence: 1, session: 1 })),
    ended: { code: 1000, reason: 'WIRE_MALFORMED' },
    counted: ({ counters }) => counters.clientFramesRefused,
  },
  {
    what: 'half a hello to /client',
    path: CLIENT,
    say: (raw) => raw.binary(CLIENT_HELLO.subarray(0, 7)),
    ended: { code: 1000, reason: 'WIRE_MALFORMED' },
    counted: ({ counters }) => counters.clientFramesRefused,
  },
  {
    what: 'a hello of a version from the future to /client',
    path: CLIENT,
    say: (raw) =>
      raw.binary(encodeClientFrame({ kind: 'hello', versionMin: 8, versionMax: 9, clientName: 'future' })),
    ended: { code: 1000, reason: 'WIRE_VERSION' },
    counted: ({ counters }) => counters.clientFramesRefused,
  },
  {
    what: 'half a request after a good hello to /client',
    path: CLIENT,
    say: (raw) => {
      raw.binary(CLIENT_HELLO);
      raw.binary(request('SET', 'k', 'v').subarray(0, -1));
    },
    ended: { code: 1000, reason: 'WIRE_MALFORMED' },
    counted: ({ counters }) => counters.clientFramesRefused,
  },
  {
    what: 'text to /client',
    path: CLIENT,
    say: (raw) => raw.textFrame('set k v'),
    ended: { code: 1003, reason: 'WIRE_MALFORMED: text frames are not spoken here' },
    counted: ({ network }) => network.clients['unreadable.WIRE_MALFORMED'] ?? 0,
  },
  {
    what: 'an oversize frame to /client',
    path: CLIENT,
    say: (raw) => raw.announce(64 * MIB),
    ended: { code: 1009, reason: '' },
    counted: ({ network }) => network.clients['unreadable.WIRE_TOO_LARGE'] ?? 0,
  },
  {
    what: 'noise to /peer',
    path: PEER,
    say: (raw) => raw.binary(Buffer.from('ffffffffffffffff', 'hex')),
    ended: { code: 4000, reason: 'WIRE_MALFORMED: malformed bytes: this is not a greeting between nodes' },
    counted: ({ network }) => network.peers['refused.WIRE_MALFORMED'] ?? 0,
  },
  {
    what: 'half a hello to /peer',
    path: PEER,
    say: (raw) => raw.binary(peerHello({ cluster: '0'.repeat(32) }).subarray(0, 30)),
    ended: { code: 4000, reason: 'WIRE_MALFORMED: malformed bytes: 32 bytes were expected and 17 are left' },
    counted: ({ network }) => network.peers['refused.WIRE_MALFORMED'] ?? 0,
  },
  {
    what: 'a hello of another version to /peer',
    path: PEER,
    say: (raw) => raw.binary(Buffer.from([...PEER_HELLO, 8, 0, 9, 0])),
    ended: { code: 4000, reason: 'WIRE_VERSION: versions 8 to 9 were offered and 1 are spoken here' },
    counted: ({ network }) => network.peers['refused.WIRE_VERSION'] ?? 0,
  },
  {
    what: 'text to /peer',
    path: PEER,
    say: (raw) => raw.textFrame('hello'),
    ended: { code: 1003, reason: 'WIRE_MALFORMED: text frames are not spoken here' },
    counted: ({ network }) => network.peers['unreadable.WIRE_MALFORMED'] ?? 0,
  },
  {
    what: 'an oversize frame to /peer',
    path: PEER,
    say: (raw) => raw.announce(64 * MIB),
    ended: { code: 1009, reason: '' },
    counted: ({ network }) => network.peers['unreadable.WIRE_TOO_LARGE'] ?? 0,
  },
  {
    what: 'a greeting without end to /peer',
    path: PEER,
    say: (raw) => {
      raw.announce(MIB);
      raw.write(Buffer.alloc(100_000));
    },
    ended: { code: 4000, reason: 'WIRE_TOO_LARGE: the greeting is too long' },
    counted: ({ network }) => network.peers['refused.WIRE_TOO_LARGE'] ?? 0,
  },
];

describe('strangers at the port of a node', function () {
  this.timeout(60_000);
  const scene = useScene({ nodes: 3, settings: { maxCommandBytes: 4096 } });
  let pids: readonly number[] = [];

  before(() => {
    pids = [1, 2, 3].map((node) => scene().cluster.process(node).pid);
  });

  afterEach('every node lives on', async () => {
    const { cluster } = scene();
    const client = scene().client();
    const value = String(performance.now());
    assert.equal(await client.set('alive', value), value);
    assert.equal(await client.get('alive'), value);
    for (const node of [1, 2, 3]) assert.equal((await standingOf(cluster, node)).pid, pids[node - 1]);
    const { role, quorumConnected } = await standingOf(cluster, await cluster.waitForLeader());
    assert.deepEqual({ role, quorumConnected }, { role: 'leader', quorumConnected: true });
  });

  for (const { what, path, say, ended, counted } of ROWS) {
    it(`${what}: ${ended.code} ${ended.reason}`, async () => {
      const { cluster } = scene();
      const leader = await cluster.waitForLeader();
      const before = counted(await standingOf(cluster, leader));
      const raw = RawSocket.upgrade(cluster.addr(leader), ...path);
      say(raw);
      assert.deepEqual(await raw.ended(), ended);
      assert.equal(counted(await standingOf(cluster, leader)), before + 1);
    });
  }

  it('a hello of another cluster to /peer names both clusters', async () => {
    const { cluster } = scene();
    const status = await standingOf(cluster, 2);
    const other = '0123456789abcdef'.repeat(2);
    const raw = RawSocket.upgrade(cluster.addr(2), ...PEER);
    raw.binary(peerHello({ cluster: other }));
    assert.deepEqual(await raw.ended(), {
      code: 4000,
      reason: `WIRE_WRONG_CLUSTER: node 2 belongs to cluster ${status.clusterId}, not to ${other}`,
    });
    const { network } = await standingOf(cluster, 2);
    assert.equal(network.peers['refused.WIRE_WRONG_CLUSTER'], 1);
  });

  it('a goodbye says why in words', async () => {
    const raw = RawSocket.upgrade(scene().cluster.addr(1), ...CLIENT);
    raw.binary(Buffer.from([99]));
    await raw.ended();
    assert.deepEqual(
      raw.messages.map((frame) => decodeNodeFrame(frame)),
      [{ kind: 'goodbye', code: 'WIRE_MALFORMED', message: 'malformed bytes: unknown client frame type 99' }],
    );
  });

  it('noise instead of HTTP, unknown paths, and leaving in the middle of a word', async () => {
    const { cluster } = scene();
    const random = printedRandom();
    const noise = RawSocket.open(cluster.addr(1));
    noise.write(Buffer.from(Array.from({ length: 300 }, () => random.below(256))));
    await noise.ended();
    assert.match(noise.text, /^HTTP\/1\.1 400 /);
    const lost = RawSocket.upgrade(cluster.addr(1), '/nowhere', CLIENT_SUBPROTOCOL);
    await lost.ended();
    assert.match(lost.text, /^HTTP\/1\.1 404 .*"there is nothing to upgrade to at this path"/s);
    const foreign = RawSocket.upgrade(cluster.addr(1), CLIENT_PATH, 'chat');
    await foreign.ended();
    assert.match(foreign.text, /^HTTP\/1\.1 400 .*quorate\.client\.v1 is wanted/s);
    for (const path of [PEER, CLIENT]) {
      const raw = RawSocket.upgrade(cluster.addr(1), ...path);
      raw.announce(1000);
      raw.write('not all of it');
      raw.leave();
      await raw.ended();
    }
  });

  it('a hundred frames of noise to each path', async () => {
    const { cluster } = scene();
    const random = printedRandom();
    for (const path of [PEER, CLIENT]) {
      const raws = Array.from({ length: 100 }, () => {
        const raw = RawSocket.upgrade(cluster.addr(1 + random.below(3)), ...path);
        raw.binary(Buffer.from(Array.from({ length: 1 + random.below(200) }, () => random.below(256))));
        return raw;
      });
      for (const { code } of await Promise.all(raws.map((raw) => raw.ended()))) {
        // Of the sockets that have not greeted a node takes only so many; the rest is told so over HTTP.
        assert.ok([0, 1000, 4000].includes(code), `closed with ${code}`);
      }
    }
  });

  it('a command that is too large is refused and never proposed, however it comes', async () => {
    const { cluster } = scene();
    const leader = await cluster.waitForLeader();
    const raw = await RawClient.open(cluster.addr(leader));
    const { learnedSlot, counters } = await standingOf(cluster, leader);
    const error = await raw.answerTo(raw.send('SET', 'large', 'v'.repeat(5000)));
    assert.ok(error.kind === 'error');
    assert.deepEqual([error.code, error.outcome], ['TOO_LARGE', 'none']);
    assert.match(error.message, /^the command has 50\d\d bytes, the limit is 4096 \(maxCommandBytes\)$/);
    raw.leave();
    const after = await standingOf(cluster, leader);
    assert.equal(after.learnedSlot, learnedSlot);
    assert.equal(after.counters.commandsRefused, counters.commandsRefused + 1);
    await assert.rejects(scene().client().set('large', 'v'.repeat(5000)), {
      code: 'TOO_LARGE',
      outcome: 'none',
    });
    assert.equal(await scene().client().get('large'), null);
  });

  it('a command that does not parse gets the usage and never reaches the log', async () => {
    const { cluster } = scene();
    const client = scene().client();
    await client.set('session', 'open');
    const { learnedSlot } = await standingOf(cluster, await cluster.waitForLeader());
    for (const text of ['FROB k', 'SET k', 'GET', 'SET "open', 'DEL a b']) {
      await assert.rejects(client.exec(text), {
        code: 'PARSE',
        outcome: 'none',
        message: /usage|SET key value/i,
      });
    }
    assert.equal((await standingOf(cluster, await cluster.waitForLeader())).learnedSlot, learnedSlot);
  });
});

function request(...words: readonly string[]): Uint8Array {
  const bytes = encodeArguments(words.map((word) => Buffer.from(word)));
  return encodeClientFrame({
    kind: 'request',
    session: 1,
    ackSequence: 0,
    consistency: 'linearizable',
    noForward: false,
    timeoutMs: 5000,
    commands: [{ sequence: 1, input: { form: 'arguments', bytes } }],
  });
}

function peerHello({ cluster }: { readonly cluster: string }): Uint8Array {
  const out = new ByteWriter();
  out.raw(Buffer.from(PEER_HELLO));
  out.u16(1);
  out.u16(1);
  out.text(cluster);
  out.text('0'.repeat(32)); // Digest of the members.
  out.u32(1); // From node 1
  out.u32(2); // to node 2.
  out.text('1'.repeat(32)); // Storage.
  out.integer(1); // Incarnation.
  out.u8(0); // Control lane.
  out.u16(1); // Groups.
  out.text('2'.repeat(32)); // Nonce of the process.
  out.integer(1); // Attempt.
  out.u16(0); // Facts of the backend.
  return out.bytes();
}
