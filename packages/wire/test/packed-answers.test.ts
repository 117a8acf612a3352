/** Answers that are encoded as they come, and batches that are walked over: the same bytes, the same refusals. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import {
  BatchCursor,
  type BatchGroup,
  ByteWriter,
  decodeBatch,
  decodeNodeFrame,
  isEcho,
  NIL_RESULT,
  PackedAnswers,
  packedResult,
  QuorateError,
  ResponseBuffer,
  type Result,
  resultSize,
  withCommand,
  writeAnswer,
  writeGroup,
} from '#src/index.ts';

const sequences = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const results: fc.Arbitrary<Result> = fc.oneof(
  fc.constant({ ok: true as const, value: null }),
  // Some of them longer than a chunk.
  fc
    .oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(20_000).fill(7)))
    .map((value) => ({ ok: true as const, value })),
  fc.record({ ok: fc.constant(false as const), code: fc.string(), message: fc.string() }),
);
const answered = fc.array(fc.tuple(sequences, results), { minLength: 1, maxLength: 200 });

function pack(answers: PackedAnswers, slot: number, given: readonly (readonly [number, Result])[]): void {
  answers.begin(
    slot,
    given.map(([sequence]) => sequence),
  );
  for (const [, result] of given) {
    if (!result.ok) answers.refused(result.code, result.message);
    else if (result.value === null) answers.nil();
    else {
      const padded = Buffer.concat([Buffer.from('before'), result.value, Buffer.from('behind')]);
      answers.value(padded, 6, 6 + result.value.length);
    }
  }
}

describe('packed answers', () => {
  it('are the frame that answers added one by one make, slot after slot', () => {
    fc.assert(
      fc.property(fc.array(answered, { minLength: 1, maxLength: 3 }), (slots) => {
        const answers = new PackedAnswers();
        const [packed, plain] = [new ResponseBuffer(), new ResponseBuffer()];
        for (const [index, given] of slots.entries()) {
          pack(answers, index + 1, given);
          assert.equal(answers.count, given.length);
          for (const [ordinal, [sequence, result]] of given.entries()) {
            const stretch = answers
              .chunkOf(ordinal)
              .subarray(answers.startOf(ordinal), answers.endOf(ordinal));
            packed.addPacked(stretch, 1);
            plain.addResult(sequence, index + 1, result);
          }
        }
        const frame = packed.take();
        assert.deepEqual(frame, plain.take());
        assert.equal(decodeNodeFrame(frame).kind, 'responses');
      }),
    );
  });

  it('give every result back, with its size, for as long as their chunk is kept', () => {
    fc.assert(
      fc.property(answered, answered, (first, second) => {
        const answers = new PackedAnswers();
        pack(answers, 1, first);
        const kept = first.map((_, ordinal) => [answers.chunkOf(ordinal), answers.startOf(ordinal)] as const);
        const sizes = first.map((_, ordinal) => answers.sizeOf(ordinal));
        pack(answers, 2, second);
        for (const [ordinal, [, result]] of first.entries()) {
          const [chunk, start] = kept[ordinal] as (typeof kept)[number];
          const found = packedResult(chunk, start);
          assert.ok(!isEcho(found));
          assert.deepEqual(normalized(found), normalized(result));
          assert.equal(sizes[ordinal], resultSize(result));
        }
      }),
    );
  });
});

describe('packed answers that lie in their commands', () => {
  const commands = { bytes: Buffer.from('..one.three'), starts: [2, 6], ends: [5, 11] };

  it('are their places, as an answer of that kind is written, and count as the values', () => {
    const answers = new PackedAnswers();
    answers.begin(7, [11, 12], commands);
    answers.value(commands.bytes, 3, 5);
    answers.value(commands.bytes, 6, 11);
    const places = [
      { start: 1, end: 3 },
      { start: 0, end: 5 },
    ];
    for (const [ordinal, place] of places.entries()) {
      const out = new ByteWriter();
      writeAnswer(out, { sequence: 11 + ordinal, kind: 'echo', slot: 7, ...place });
      const [chunk, start] = [answers.chunkOf(ordinal), answers.startOf(ordinal)];
      assert.deepEqual(chunk.slice(start, answers.endOf(ordinal)), out.bytes());
      assert.equal(answers.isEcho(ordinal), true);
      assert.deepEqual(packedResult(chunk, start), place);
      assert.equal(answers.sizeOf(ordinal), place.end - place.start);
    }
    assert.deepEqual(
      [0, 1].map((ordinal) => textOf(answers.resultOf(ordinal))),
      ['ne', 'three'],
    );
  });

  it('are copied when they lie in another command, between two, or in other bytes', () => {
    const answers = new PackedAnswers();
    answers.begin(7, [11, 12], commands);
    answers.value(commands.bytes, 4, 7);
    answers.value(Buffer.from(commands.bytes), 6, 11);
    assert.deepEqual(
      [0, 1].map((ordinal) => [answers.isEcho(ordinal), textOf(answers.resultOf(ordinal))]),
      [
        [false, 'e.t'],
        [false, 'three'],
      ],
    );
  });

  it('mean nothing for a command that is too short', () => {
    assert.equal(withCommand({ start: 0, end: 4 }, Uint8Array.of(1, 2, 3)), undefined);
    assert.deepEqual(withCommand(NIL_RESULT, new Uint8Array(0)), NIL_RESULT);
  });
});

function textOf(result: Result): string {
  assert.ok(result.ok && result.value !== null);
  return Buffer.from(result.value).toString();
}

/** Half of what would be held if the answers of all slots were. */
const MUCH_BYTES = 20 * 1024 * 1024;

describe('packed answers of earlier slots', () => {
  it('are not held when the slots that follow are shorter', async () => {
    const before = byteArrays();
    const answers = new PackedAnswers();
    const value = { ok: true as const, value: new Uint8Array(1024 * 1024) };
    // The answer of one megabyte lies at another place in every slot.
    for (let length = 40; length > 0; length--)
      pack(answers, 41 - length, [
        ...Array.from({ length: length - 1 }, () => tuple(NIL_RESULT)),
        tuple(value),
      ]);
    pack(answers, 41, [tuple(NIL_RESULT)]);
    assert.equal(answers.count, 1);
    let held = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 50 && held >= MUCH_BYTES; round++) {
      // What was collected is given back beside the program, some time later.
      await new Promise(setImmediate);
      held = byteArrays() - before;
    }
    assert.ok(held < MUCH_BYTES, `${held} bytes of byte arrays are held`);
  });
});

/** Their bytes, without those that nobody can reach any more. */
function byteArrays(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().arrayBuffers;
}

function tuple(result: Result): readonly [number, Result] {
  return [1, result];
}

/** Lone surrogates do not survive UTF-8, and a view equals the bytes that it shows. */
function normalized(result: Result): unknown {
  if (!result.ok) return { ...result, code: wellFormed(result.code), message: wellFormed(result.message) };
  return result.value === null ? null : Buffer.from(result.value).toString('hex');
}

function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

describe('a batch that is walked over', () => {
  const groups: fc.Arbitrary<BatchGroup> = fc.oneof(
    fc.constant({ kind: 'open' as const }),
    sequences.map((session) => ({ kind: 'close' as const, session })),
    fc.record({
      kind: fc.constant('commands' as const),
      session: sequences,
      ackSequence: sequences,
      commands: fc
        .uniqueArray(sequences, { maxLength: 5 })
        .map((ids) => ids.sort((a, b) => a - b).map((sequence) => ({ sequence, bytes: bytesOf(sequence) }))),
    }),
  );

  it('shows the groups and commands that decoding it gives', () => {
    fc.assert(
      fc.property(fc.array(groups, { maxLength: 6 }), (given) => {
        const out = new ByteWriter();
        for (const group of given) writeGroup(out, group);
        assert.deepEqual(walk(out.bytes()), decodeBatch(out.bytes()).map(plain));
      }),
    );
  });

  it('is refused exactly when decoding it is', () => {
    const damaged = fc.tuple(fc.array(groups, { maxLength: 4 }), fc.nat(), fc.nat(255), fc.nat(40));
    fc.assert(
      fc.property(damaged, ([given, at, value, cut]) => {
        const out = new ByteWriter();
        for (const group of given) writeGroup(out, group);
        const bytes = out.bytes().slice(0, Math.max(0, out.length - cut));
        if (bytes.length > 0) bytes[at % bytes.length] = value;
        assert.deepEqual(
          outcomeOf(() => walk(bytes)),
          outcomeOf(() => decodeBatch(bytes).map(plain)),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

function bytesOf(sequence: number): Uint8Array {
  return new Uint8Array(sequence % 40).fill(sequence % 251);
}

function walk(bytes: Uint8Array): unknown[] {
  const cursor = new BatchCursor(bytes);
  const seen: unknown[] = [];
  while (cursor.nextGroup()) {
    const commands: unknown[] = [];
    while (cursor.nextCommand())
      commands.push([cursor.sequence, Buffer.from(bytes.subarray(cursor.start, cursor.end)).toString('hex')]);
    const { kind, session, ackSequence, count } = cursor;
    if (kind === 'commands') {
      assert.equal(commands.length, count);
      seen.push([kind, session, ackSequence, commands]);
    } else seen.push([kind, session]);
  }
  return seen;
}

function plain(group: BatchGroup): unknown {
  if (group.kind === 'open') return [group.kind, 0];
  if (group.kind === 'close') return [group.kind, group.session];
  const commands = group.commands.map(({ sequence, bytes }) => [
    sequence,
    Buffer.from(bytes).toString('hex'),
  ]);
  return [group.kind, group.session, group.ackSequence, commands];
}

function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof QuorateError, String(error));
    return error.code;
  }
}
