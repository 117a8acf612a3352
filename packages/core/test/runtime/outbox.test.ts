/** What leaves for peers: after the write that it names, in order, in as few frames as possible. */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { Transport } from '#src/ports/transport.ts';
import type { Lane, Message } from '#src/protocol/message.ts';
import { asNodeId, asSlot, asWriteSequence, type NodeId } from '#src/protocol/types.ts';
import { Outbox } from '#src/runtime/outbox.ts';
import { decodePeerFrame } from '#src/wire/frame.ts';

type Sent = { readonly to: number; readonly lane: Lane; readonly frame: Uint8Array };
type Accept = Extract<Message, { kind: 'accept' }>;

const TARGET_BYTES = 4096;
const NOTHING = asWriteSequence(0);
const [TWO, THREE] = [asNodeId(2), asNodeId(3)];

describe('the outbox', () => {
  let sent: Sent[];
  let outbox: Outbox;
  beforeEach(() => {
    sent = [];
    const transport = {
      send: (to: NodeId, lane: Lane, frame: Uint8Array) => sent.push({ to, lane, frame }) > 0,
    } as unknown as Transport;
    outbox = new Outbox(transport, (bytes) => crc32(bytes), TARGET_BYTES, 0);
  });

  it('makes one frame for each peer of what was sent to it in a turn', () => {
    for (const message of [accept(7), accept(8)]) add(TWO, message);
    add(THREE, accept(7));
    outbox.flush();
    assert.deepEqual(
      sent.map((frame) => [frame.to, messagesOf(frame).length]),
      [
        [2, 2],
        [3, 1],
      ],
    );
  });

  it('holds a message until the write that it names is durable, and sends in the order of handing over', () => {
    outbox.add([outgoing(TWO, accept(7), 3), outgoing(TWO, accept(8), 4)], asWriteSequence(2));
    outbox.flush();
    assert.equal(sent.length, 0);
    outbox.release(asWriteSequence(3));
    outbox.flush();
    outbox.release(asWriteSequence(4));
    outbox.flush();
    assert.deepEqual(
      sent.map((frame) => messagesOf(frame)),
      [[accept(7)], [accept(8)]],
    );
  });

  it('sends before the end of the turn what has reached the size of a frame, and nothing twice', () => {
    for (let slot = 1; slot <= 10; slot++) add(TWO, accept(slot, 1000));
    const early = sent.length;
    outbox.flush();
    outbox.flush();
    assert.equal(early, 2);
    assert.deepEqual(
      sent.flatMap(messagesOf).map((message) => (message as Accept).slot),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
  });

  function add(to: NodeId, message: Message): void {
    outbox.add([outgoing(to, message, 0)], NOTHING);
  }
});

function accept(slot: number, bytes = 20): Accept {
  return {
    kind: 'accept',
    ballot: { round: 3, node: asNodeId(1) },
    baseSlot: asSlot(1),
    slot: asSlot(slot),
    value: { kind: 'batch', stampMs: 1, bytes: new Uint8Array(bytes).fill(slot) },
    learnedSlot: asSlot(4),
  };
}

function outgoing(to: NodeId, message: Message, after: number): Parameters<Outbox['add']>[0][number] {
  return { to, lane: 'bulk', after: asWriteSequence(after), message };
}

function messagesOf(sent: Sent | undefined): readonly Message[] {
  assert.ok(sent !== undefined);
  const payloads = decodePeerFrame(sent.frame, (bytes) => crc32(bytes), { maxFrameBytes: 1 << 20, group: 0 });
  return payloads.map((payload) => {
    assert.ok(payload.kind === 'protocol');
    return payload.message;
  });
}
