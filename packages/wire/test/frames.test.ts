/** Frames between client and node, and the groups inside a slot: exact round trips, and total decoders for anything else. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addCommand, type BatchGroup, beginGroup, decodeBatch, endGroup, writeGroup } from '#src/batch.ts';
import { ByteWriter } from '#src/bytes.ts';
import { decodeArguments, encodeArguments } from '#src/command.ts';
import { ERRORS, type ErrorCode, QuorateError } from '#src/errors.ts';
import {
  type Answer,
  type ClientFrame,
  decodeClientFrame,
  decodeNodeFrame,
  encodeClientFrame,
  encodeNodeFrame,
  type NodeFrame,
  ResponseBuffer,
} from '#src/index.ts';
import type { Result } from '#src/result.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const id = fc.maxSafeNat();
const rising = fc
  .uniqueArray(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 8 })
  .map((list) => list.toSorted((a, b) => a - b));
const code = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]));

const clientFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    versionMin: fc.nat(65_535),
    versionMax: fc.nat(65_535),
    clientName: fc.string({ maxLength: 20 }),
  }),
  fc.record({
    kind: fc.constant('open-session' as const),
    sequence: id,
    timeoutMs: fc.nat(),
    noForward: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('close-session' as const), sequence: id, session: id }),
  fc.record({
    kind: fc.constant('request' as const),
    session: id,
    ackSequence: fc.constant(0),
    consistency: fc.constantFrom('linearizable' as const, 'stale' as const),
    noForward: fc.boolean(),
    timeoutMs: fc.nat(),
    commands: rising.chain((sequences) =>
      fc.tuple(
        ...sequences.map((sequence) =>
          fc
            .oneof(
              fc.record({
                form: fc.constant('text' as const),
                text: fc.string({ unit: 'binary', maxLength: 20 }),
              }),
              fc.record({ form: fc.constant('arguments' as const), bytes }),
            )
            .map((input) => ({ sequence, input })),
        ),
      ),
    ),
  }),
);

const result: fc.Arbitrary<Result> = fc.oneof(
  fc.record({ ok: fc.constant(true as const), value: fc.option(bytes) }),
  fc.record({
    ok: fc.constant(false as const),
    code: fc.string({ maxLength: 8 }),
    message: fc.string({ maxLength: 20 }),
  }),
);
const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ sequence: id, kind: fc.constant('result' as const), slot: id, result }),
  fc.tuple(id, id, fc.nat(), fc.nat()).map(([sequence, slot, start, length]) => ({
    sequence,
    kind: 'echo' as const,
    slot,
    start,
    end: start + length,
  })),
  fc.record({ sequence: id, kind: fc.constant('session' as const), session: id }),
  fc.record({
    sequence: id,
    kind: fc.constant('error' as const),
    code,
    outcome: fc.constantFrom('none' as const, 'unknown' as const),
    message: fc.string({ maxLength: 20 }),
    details: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.oneof(fc.nat(), fc.string({ maxLength: 8 })),
      { maxKeys: 4, noNullPrototype: false },
    ),
  }),
);
const nodeFrame: fc.Arbitrary<NodeFrame> = fc.oneof(
  fc.record({
    kind: fc.constant('welcome' as const),
    version: fc.nat(65_535),
    clusterId: fc.string({ maxLength: 32 }),
    node: fc.nat(),
    backend: fc.string({ maxLength: 16 }),
    addrs: fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }),
    leader: fc.nat(),
    maxCommandBytes: fc.nat(),
  }),
  fc.record({ kind: fc.constant('responses' as const), answers: fc.array(answer, { maxLength: 6 }) }),
  fc.record({ kind: fc.constant('leader' as const), leader: fc.nat() }),
  fc.record({ kind: fc.constant('goodbye' as const), code, message: fc.string({ maxLength: 20 }) }),
);

/** Either a value or a typed refusal; anything else is a fault of the decoder. */
function isTotal(decode: (input: Uint8Array) => unknown, input: Uint8Array): void {
  try {
    decode(input);
  } catch (error) {
    assert.ok(error instanceof QuorateError && error.code === 'WIRE_MALFORMED', `threw ${String(error)}`);
  }
}

/** Views and null prototypes are equal to what they show. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? { bytes: [...part] } : part)),
  );
}

describe('client frames', () => {
  it('come back from their bytes as they were', () => {
    fc.assert(
      fc.property(clientFrame, (frame) =>
        assert.deepEqual(plain(decodeClientFrame(encodeClientFrame(frame))), plain(frame)),
      ),
    );
    fc.assert(
      fc.property(nodeFrame, (frame) =>
        assert.deepEqual(plain(decodeNodeFrame(encodeNodeFrame(frame))), plain(frame)),
      ),
    );
  });

  it('with an echo that ends before it begins are refused', () => {
    const echo: Answer = { sequence: 1, kind: 'echo', slot: 1, start: 5, end: 4 };
    const frame = encodeNodeFrame({ kind: 'responses', answers: [echo] });
    assert.throws(() => decodeNodeFrame(frame), /an echo ends at 4, before its start at 5/);
  });

  it('are refused whenever a byte is missing or too much', () => {
    fc.assert(
      fc.property(fc.oneof(clientFrame.map(encodeClientFrame), nodeFrame.map(encodeNodeFrame)), (encoded) => {
        const decode = (encoded[0] ?? 0) < 64 ? decodeClientFrame : decodeNodeFrame;
        for (let length = 0; length < encoded.length; length++)
          assert.throws(() => decode(encoded.subarray(0, length)), QuorateError);
        assert.throws(() => decode(Uint8Array.of(...encoded, 0)), QuorateError);
      }),
      { numRuns: 50 },
    );
  });

  it('give a frame or a refusal for any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 255 }), (noise, type) => {
        const input = Uint8Array.of(type, ...noise);
        isTotal(decodeClientFrame, input);
        isTotal(decodeNodeFrame, input);
        isTotal(decodeBatch, input);
        isTotal(decodeArguments, input);
      }),
      { numRuns: 5000 },
    );
  });

  it('survive any flipped bit of a real frame', () => {
    fc.assert(
      fc.property(clientFrame, fc.nat(), (frame, where) => {
        const encoded = encodeClientFrame(frame);
        const bit = where % (encoded.length * 8);
        encoded[bit >> 3] = (encoded[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        isTotal(decodeClientFrame, encoded);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuse sequences that do not rise above what was acknowledged', () => {
    const frame = {
      kind: 'request',
      session: 1,
      ackSequence: 5,
      consistency: 'linearizable',
      noForward: false,
      timeoutMs: 1,
    } as const;
    const command = (sequence: number) => ({ sequence, input: { form: 'text', text: 'x' } as const });
    for (const commands of [[command(5)], [command(7), command(7)], [command(8), command(6)]]) {
      assert.throws(() => decodeClientFrame(encodeClientFrame({ ...frame, commands })), QuorateError);
    }
  });

  it('are the same whether answers are gathered one by one or encoded as one frame', () => {
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 5 }), (answers) => {
        const buffer = new ResponseBuffer();
        for (const each of answers) {
          if (each.kind === 'result') buffer.addResult(each.sequence, each.slot, each.result);
          else buffer.add(each);
        }
        assert.deepEqual(buffer.take(), encodeNodeFrame({ kind: 'responses', answers }));
        assert.equal(buffer.count, 0);
      }),
    );
  });
});

describe('batches', () => {
  const group: fc.Arbitrary<BatchGroup> = fc.oneof(
    fc.constant({ kind: 'open' as const }),
    fc.record({ kind: fc.constant('close' as const), session: id }),
    fc.record({
      kind: fc.constant('commands' as const),
      session: id,
      ackSequence: id,
      commands: rising.chain((sequences) =>
        fc.tuple(...sequences.map((sequence) => bytes.map((each) => ({ sequence, bytes: each })))),
      ),
    }),
  );

  it('come back group by group', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 5 }), (groups) => {
        const out = new ByteWriter();
        for (const each of groups) writeGroup(out, each);
        assert.deepEqual(plain(decodeBatch(out.bytes())), plain(groups));
      }),
    );
  });

  it('are the same bytes when written command by command', () => {
    const whole = new ByteWriter();
    writeGroup(whole, {
      kind: 'commands',
      session: 9,
      ackSequence: 3,
      commands: [{ sequence: 4, bytes: Uint8Array.of(1, 2) }],
    });
    const stepwise = new ByteWriter();
    const offset = beginGroup(stepwise, 9, 3);
    addCommand(stepwise, 4, Uint8Array.of(1, 2));
    endGroup(stepwise, offset, 1);
    assert.deepEqual(stepwise.bytes(), whole.bytes());
  });

  it('keep argument lists exactly', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), (parts) =>
        assert.deepEqual(plain(decodeArguments(encodeArguments(parts))), plain(parts)),
      ),
    );
  });
});
