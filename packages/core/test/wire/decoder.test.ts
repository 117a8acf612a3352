/**
 * The peer frame decoder is total: whatever bytes come, it gives payloads or an error of the wire family, and it
 * never believes a length or a count that the bytes do not cover.
 */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { ByteWriter, ERRORS, type ErrorCode, QuorateError } from '@quorate/wire';
import fc from 'fast-check';
import type { Message } from '#src/protocol/message.ts';
import { asNodeId, asSlot, type Ballot } from '#src/protocol/types.ts';
import { MESSAGE_TYPE } from '#src/wire/codec.ts';
import { decodePeerFrame, encodePeerFrame, peekGroup } from '#src/wire/frame.ts';
import { anything } from './arbitrary.ts';
import { fuzzFrames, judge } from './fuzz.ts';
import { GOLDEN_VECTORS } from './golden.ts';

const LIMITS = { maxFrameBytes: 1024 * 1024, group: 0 };
const FUZZ_SEED = 20_260_101;
const FUZZ_BUDGET_MS = 3000;
const ballot: Ballot = { round: 7, node: asNodeId(2) };

function refusal(frame: Uint8Array, limits = LIMITS): ErrorCode {
  try {
    decodePeerFrame(frame, crc32, limits);
  } catch (error) {
    assert.ok(error instanceof QuorateError, String(error));
    assert.equal(ERRORS[error.code].family, 'wire');
    return error.code;
  }
  return assert.fail('the frame was read');
}

/** A frame with a right header and checksum around these bytes. */
function frameAround(write: (out: ByteWriter) => void): Uint8Array {
  const frame = new ByteWriter();
  frame.raw(encodePeerFrame([{ kind: 'transfer', ballot }], crc32).subarray(0, 12));
  write(frame);
  const bytes = frame.bytes();
  new DataView(bytes.buffer).setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

function frameOf(kind: Message['kind'], fields: (out: ByteWriter) => void): Uint8Array {
  return frameAround((out) => {
    const payload = new ByteWriter();
    fields(payload);
    out.u8(MESSAGE_TYPE[kind]);
    out.block(payload.bytes());
  });
}

function writeBallot(
  out: ByteWriter,
  value: { readonly round: number; readonly node: number } = ballot,
): void {
  out.integer(value.round);
  out.u32(value.node);
}

describe('peer frame decoder', () => {
  it('refuses every truncation of every golden frame, at every byte', () => {
    for (const { payload } of GOLDEN_VECTORS) {
      const frame = encodePeerFrame([payload, payload], crc32);
      for (let length = 0; length < frame.length; length++) {
        const code = refusal(frame.slice(0, length));
        assert.ok(
          code === 'WIRE_MALFORMED' || code === 'WIRE_CHECKSUM',
          `${payload.kind} cut at ${length}: ${code}`,
        );
      }
    }
  });

  it('refuses every truncation even where the checksum was made right', () => {
    for (const { payload } of GOLDEN_VECTORS) {
      const frame = encodePeerFrame([payload], crc32);
      for (let length = 12; length < frame.length; length++) {
        const body = frame.slice(12, length);
        assert.equal(
          refusal(frameAround((out) => out.raw(body))),
          'WIRE_MALFORMED',
          `${payload.kind} cut at ${length}`,
        );
      }
    }
  });

  it('notices every single flipped bit, the header included', () => {
    for (const { payload } of GOLDEN_VECTORS) {
      const frame = encodePeerFrame([payload], crc32);
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const flipped = frame.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        refusal(flipped);
      }
    }
  });

  it('names what is wrong with the envelope', () => {
    const frame = encodePeerFrame([{ kind: 'transfer', ballot }], crc32);
    const with_ = (at: number, byte: number): Uint8Array => {
      const changed = frame.slice();
      changed[at] = byte;
      return changed;
    };
    assert.equal(refusal(with_(0, 0x47)), 'WIRE_MALFORMED', 'magic');
    assert.equal(refusal(with_(2, 2)), 'WIRE_VERSION', 'newer version');
    assert.equal(refusal(with_(2, 0)), 'WIRE_VERSION', 'no version');
    assert.equal(refusal(with_(3, 1)), 'WIRE_MALFORMED', 'flags');
    assert.equal(refusal(with_(4, (frame[4] ?? 0) ^ 1)), 'WIRE_CHECKSUM', 'checksum');
    assert.equal(refusal(frame, { maxFrameBytes: frame.length - 1, group: 0 }), 'WIRE_TOO_LARGE');
    assert.equal(refusal(frame, { maxFrameBytes: 1000, group: 1 }), 'WIRE_WRONG_CLUSTER', 'another group');
    assert.equal(refusal(frameAround(() => undefined)), 'WIRE_MALFORMED', 'no message at all');
  });

  it('tells the group of a frame without reading it', () => {
    assert.equal(peekGroup(encodePeerFrame([{ kind: 'transfer', ballot }], crc32, 77)), 77);
    assert.equal(peekGroup(new Uint8Array(11)), undefined);
  });

  const malformedFrames: readonly (readonly [string, Uint8Array])[] = [
    ['an unknown type', frameAround((out) => (out.u8(200), out.u32(0)))],
    [
      'a message longer than the frame',
      frameAround((out) => (out.u8(MESSAGE_TYPE.transfer), out.u32(0xffff_ffff), writeBallot(out))),
    ],
    ['a message with bytes left over', frameOf('transfer', (out) => (writeBallot(out), out.u8(0)))],
    [
      'a message that reads into the next',
      frameAround((out) => {
        for (let times = 0; times < 2; times++) {
          out.u8(MESSAGE_TYPE.transfer);
          out.u32(6);
          writeBallot(out);
        }
      }),
    ],
    [
      'the zero ballot where one is proposed',
      frameOf('transfer', (out) => writeBallot(out, { round: 0, node: 0 })),
    ],
    ['a round without a node', frameOf('transfer', (out) => writeBallot(out, { round: 1, node: 0 }))],
    ['a node without a round', frameOf('transfer', (out) => writeBallot(out, { round: 0, node: 1 }))],
    [
      'a round that nobody could exceed',
      frameOf('transfer', (out) => writeBallot(out, { round: Number.MAX_SAFE_INTEGER, node: 1 })),
    ],
    [
      'slot 0 in an Accept',
      frameOf('accept', (out) => {
        writeBallot(out);
        for (const number of [0, 0, 0]) out.integer(number);
        out.u8(0);
      }),
    ],
    [
      'an Accept below its base',
      frameOf('accept', (out) => {
        writeBallot(out);
        for (const number of [5, 4, 0]) out.integer(number);
        out.u8(0);
      }),
    ],
    [
      'an empty batch',
      frameOf('accept', (out) => {
        writeBallot(out);
        for (const number of [4, 4, 0]) out.integer(number);
        out.u8(1);
        out.integer(0);
        out.u32(0);
      }),
    ],
    [
      'a value longer than the message',
      frameOf('accept', (out) => {
        writeBallot(out);
        for (const number of [4, 4, 0]) out.integer(number);
        out.u8(1);
        out.integer(0);
        out.u32(0x7fff_ffff);
        out.u8(1);
      }),
    ],
    [
      'a page beyond the last',
      frameOf('promise', (out) => {
        writeBallot(out);
        out.integer(1);
        out.u32(9);
        out.u32(2);
        out.u32(2);
        out.integer(0);
        out.u32(0);
      }),
    ],
    [
      'more entries than bytes',
      frameOf('promise', (out) => {
        writeBallot(out);
        out.integer(1);
        out.u32(9);
        out.u32(0);
        out.u32(1);
        out.integer(0);
        out.u32(0xffff_ffff);
      }),
    ],
    [
      'entries that do not rise',
      frameOf('promise', (out) => {
        writeBallot(out);
        out.integer(1);
        out.u32(9);
        out.u32(0);
        out.u32(1);
        out.integer(3);
        out.u32(2);
        for (const slot of [5, 5]) {
          out.integer(slot);
          writeBallot(out);
          out.u8(0);
        }
      }),
    ],
    [
      'an entry that is not above the learned slot',
      frameOf('promise', (out) => {
        writeBallot(out);
        out.integer(1);
        out.u32(9);
        out.u32(0);
        out.u32(1);
        out.integer(5);
        out.u32(1);
        out.integer(5);
        writeBallot(out);
        out.u8(0);
      }),
    ],
    [
      'overlapping ranges',
      frameOf('accepted', (out) => {
        writeBallot(out);
        out.integer(3);
        out.u32(2);
        for (const slot of [5, 8, 7, 9]) out.integer(slot);
      }),
    ],
    [
      'an empty range',
      frameOf('accepted', (out) => {
        writeBallot(out);
        out.integer(3);
        out.u32(1);
        for (const slot of [5, 5]) out.integer(slot);
      }),
    ],
    [
      'a range at the cumulative slot',
      frameOf('accepted', (out) => {
        writeBallot(out);
        out.integer(3);
        out.u32(1);
        for (const slot of [3, 5]) out.integer(slot);
      }),
    ],
    [
      'a catch-up request for nothing',
      frameOf('catch-up-request', (out) => (out.integer(5), out.integer(5))),
    ],
    [
      'a refused read with a slot',
      frameOf('read-index-reply', (out) => (out.integer(1), out.u8(1), out.integer(5))),
    ],
    ['a flag of 2', frameOf('read-index-reply', (out) => (out.integer(1), out.u8(2), out.integer(0)))],
    [
      'a fraction as a slot',
      frameOf(
        'learned',
        (out) => (writeBallot(out), out.raw(new Uint8Array(new Float64Array([1.5]).buffer))),
      ),
    ],
    [
      'a negative slot',
      frameOf('learned', (out) => (writeBallot(out), out.raw(new Uint8Array(new Float64Array([-3]).buffer)))),
    ],
    [
      'a slot that is not a number',
      frameOf(
        'learned',
        (out) => (writeBallot(out), out.raw(new Uint8Array(new Float64Array([Number.NaN]).buffer))),
      ),
    ],
    [
      'a forwarded group without bytes',
      frameAround((out) => (out.u8(64), out.u32(20), out.raw(new Uint8Array(20)))),
    ],
    [
      'a forward that is too short',
      frameAround((out) => (out.u8(64), out.u32(4), out.raw(new Uint8Array(40)))),
    ],
  ];
  for (const [what, frame] of malformedFrames) {
    it(`refuses ${what}`, () => assert.equal(refusal(frame), 'WIRE_MALFORMED'));
  }

  it('reads slots up to the highest one', () => {
    const message: Message = { kind: 'learned', ballot, learnedSlot: asSlot(Number.MAX_SAFE_INTEGER) };
    assert.deepEqual(decodePeerFrame(encodePeerFrame([message], crc32), crc32, LIMITS), [
      { kind: 'protocol', message },
    ]);
  });

  it('any bytes at all give payloads or an error of the wire', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        judge(bytes, 0);
        judge(
          frameAround((out) => out.raw(bytes)),
          0,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('a byte changed anywhere behind a right checksum gives payloads of one spelling or an error', () => {
    fc.assert(
      fc.property(
        fc.array(anything, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.nat(255),
        (payloads, position, byte) => {
          const body = encodePeerFrame(payloads, crc32).slice(12);
          body[position % body.length] = byte;
          judge(
            frameAround((out) => out.raw(body)),
            0,
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('survives the fuzzer', function () {
    this.timeout(FUZZ_BUDGET_MS + 10_000);
    const report = fuzzFrames(FUZZ_SEED, 1_000_000, FUZZ_BUDGET_MS);
    assert.ok(report.executions > 10_000, JSON.stringify(report));
    // A fuzzer whose frames are all refused at the door proves little.
    assert.ok(report.decoded > report.executions / 100, JSON.stringify(report));
    assert.ok((report.refused['WIRE_MALFORMED'] ?? 0) > report.executions / 10, JSON.stringify(report));
  });
});
