/**
 * The peer codec gives back exactly what was written, keeps its bytes from version to version, and writes one
 * form only: what decodes, encodes to the same bytes again.
 */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { QuorateError } from '@quorate/wire';
import fc from 'fast-check';
import { describeMessage } from '#src/protocol/describe.ts';
import type { Message } from '#src/protocol/message.ts';
import { asSlot } from '#src/protocol/types.ts';
import { MESSAGE_TYPE } from '#src/wire/codec.ts';
import {
  decodePeerFrame,
  encodePeerFrame,
  type Forward,
  type ForwardReply,
  PeerFrameWriter,
  type PeerPayload,
} from '#src/wire/frame.ts';
import { anything, messageOfKind } from './arbitrary.ts';
import { GOLDEN_FRAME_HEX, GOLDEN_VECTORS } from './golden.ts';

const LIMITS = { maxFrameBytes: 1024 * 1024, group: 0 };
const HEADER_BYTES = 12;

const decode = (frame: Uint8Array): PeerPayload[] => decodePeerFrame(frame, crc32, LIMITS);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const flat = (payload: PeerPayload): Message | Forward | ForwardReply =>
  payload.kind === 'protocol' ? payload.message : payload;

describe('peer codec', () => {
  for (const [kind, arbitrary] of Object.entries(messageOfKind)) {
    it(`round trip of ${kind}`, () => {
      fc.assert(
        fc.property(arbitrary as fc.Arbitrary<Message>, (message) => {
          const frame = encodePeerFrame([message], crc32);
          assert.deepEqual(decode(frame), [{ kind: 'protocol', message }]);
        }),
        { numRuns: 200 },
      );
    });
  }

  it('a frame of many payloads keeps their order, and encodes to the same bytes again', () => {
    fc.assert(
      fc.property(fc.array(anything, { minLength: 1, maxLength: 12 }), (payloads) => {
        const frame = encodePeerFrame(payloads, crc32);
        const decoded = decode(frame).map(flat);
        assert.deepEqual(decoded, payloads);
        assert.equal(hex(encodePeerFrame(decoded, crc32)), hex(frame));
      }),
      { numRuns: 300 },
    );
  });

  it('the bytes of version 1 never change', () => {
    for (const { payload, hex: expected } of GOLDEN_VECTORS) {
      const frame = encodePeerFrame([payload], crc32);
      assert.equal(hex(frame.subarray(HEADER_BYTES)), expected, payload.kind);
      assert.deepEqual(decode(frame).map(flat), [payload]);
    }
    const frame = encodePeerFrame(
      GOLDEN_VECTORS.slice(0, 2).map((vector) => vector.payload),
      crc32,
    );
    assert.equal(hex(frame), GOLDEN_FRAME_HEX);
  });

  it('every kind of message has a golden vector and a line of text', () => {
    const covered = new Set<string>(GOLDEN_VECTORS.map((vector) => vector.payload.kind));
    for (const kind of Object.keys(MESSAGE_TYPE)) assert.ok(covered.has(kind), kind);
    for (const { payload } of GOLDEN_VECTORS) {
      if (payload.kind === 'forward' || payload.kind === 'forward-reply') continue;
      assert.match(describeMessage(payload), /^[A-Z][A-Za-z]+ [^\n]+$/);
    }
  });

  it('type numbers are distinct', () => {
    const numbers = Object.values(MESSAGE_TYPE);
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it('a writer is empty again after take, and says how long the frame will be', () => {
    const writer = new PeerFrameWriter();
    const message: Message = { kind: 'read-index-request', id: 1 };
    writer.add(message);
    writer.add(message);
    assert.equal(writer.count, 2);
    const length = writer.byteLength;
    const first = writer.take(crc32);
    assert.equal(first.length, length);
    assert.equal(writer.count, 0);
    assert.throws(() => writer.take(crc32), { code: 'ARGUMENT' });
    writer.add(message);
    assert.equal(hex(writer.take(crc32)), hex(encodePeerFrame([message], crc32)));
    assert.equal(
      decode(first).length,
      2,
      'a frame that was taken does not change when the writer is used again',
    );
  });

  it('the decoder copies no value: bytes are views into the frame', () => {
    const bytes = new Uint8Array(25_000).fill(7);
    const accept: Message = {
      kind: 'accept',
      ballot: { round: 1, node: 1 as never },
      baseSlot: asSlot(1),
      slot: asSlot(1),
      value: { kind: 'batch', stampMs: 0, bytes },
      learnedSlot: asSlot(0),
    };
    const frame = encodePeerFrame([accept], crc32);
    bytes.fill(0);
    const [payload] = decode(frame);
    assert.ok(
      payload?.kind === 'protocol' &&
        payload.message.kind === 'accept' &&
        payload.message.value.kind === 'batch',
    );
    assert.equal(payload.message.value.bytes.buffer, frame.buffer);
    assert.equal(payload.message.value.bytes[24_999], 7, 'the writer had copied what it was given');
  });

  it('refuses to write what could not be read', () => {
    const slot = asSlot(1);
    const ballot = { round: 1, node: 1 as never };
    const wrong: readonly Message[] = [
      {
        kind: 'accept',
        ballot,
        baseSlot: slot,
        slot,
        value: { kind: 'batch', stampMs: 0, bytes: new Uint8Array() },
        learnedSlot: slot,
      },
      {
        kind: 'accept',
        ballot,
        baseSlot: slot,
        slot,
        value: { kind: 'batch', stampMs: 0.5, bytes: Uint8Array.of(1) },
        learnedSlot: slot,
      },
      { kind: 'learned', ballot, learnedSlot: asSlot(-1) },
      {
        kind: 'catch-up-reply',
        fromSlot: slot,
        learnedSlot: slot,
        entries: [{ slot: asSlot(2), ballot, value: { kind: 'noop' } }],
      },
    ];
    for (const message of wrong) {
      assert.throws(
        () => encodePeerFrame([message], crc32),
        (error) => error instanceof QuorateError && error.code === 'ARGUMENT',
      );
    }
  });
});
