/**
 * Bytes and bookkeeping: the client's own fast writer gives exactly the frames of the wire package, and the window
 * of pending commands behaves like a plain map.
 */
import assert from 'node:assert/strict';
import { type CommandInput, encodeArguments, encodeClientFrame, encodeUtf8 } from '@quorate/wire';
import fc from 'fast-check';
import { type CommandPart, CommandSlab } from '#src/command-slab.ts';
import { PendingCommand } from '#src/pending.ts';
import { PendingWindow } from '#src/pending-window.ts';
import { RequestGroup } from '#src/request-group.ts';
import { WRITE_ANY } from '#src/results.ts';
import type { SharedMemory } from '#src/shared-memory.ts';

const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
  fc.constantFrom(
    '',
    '\ud800',
    'a\udc00b',
    '\u{1f600}',
    'x'.repeat(5000),
    'ü'.repeat(4097),
    'y'.repeat(70_000),
  ),
  fc.uint8Array({ maxLength: 40 }),
);
const command = fc.oneof(
  part.filter((one) => typeof one === 'string'),
  fc.array(part, { maxLength: 5 }),
);

const bytesOf = (one: string | Uint8Array): Uint8Array => (typeof one === 'string' ? encodeUtf8(one) : one);

function inputOf(one: string | readonly (string | Uint8Array)[]): CommandInput {
  if (typeof one === 'string') return { form: 'text', text: one };
  return { form: 'arguments', bytes: encodeArguments(one.map(bytesOf)) };
}

const newCommand = (): PendingCommand => new PendingCommand(WRITE_ANY, false, 0, 1000);

describe('request frames', () => {
  it('are byte for byte those of the wire package', () => {
    const groups = fc.array(fc.array(command, { maxLength: 8 }), { maxLength: 4 });
    fc.assert(
      fc.property(groups, fc.boolean(), fc.boolean(), fc.nat(), (batches, stale, noForward, session) => {
        const slab = new CommandSlab();
        const group = new RequestGroup();
        const window = new PendingWindow(10_000);
        for (const batch of batches) {
          const ackSequence = window.nextSequence - 1;
          group.session = session;
          group.stale = stale;
          const commands = batch.map((one) => {
            const pending = newCommand();
            window.add(pending);
            slab.write(pending, one);
            group.add(pending);
            return { sequence: pending.sequence, input: inputOf(one) };
          });
          const consistency = stale ? 'stale' : 'linearizable';
          const frame = {
            kind: 'request',
            session,
            ackSequence,
            consistency,
            noForward,
            timeoutMs: 77,
            commands,
          } as const;
          const ours = group.take(ackSequence, noForward, 77);
          assert.deepEqual(Buffer.from(ours), Buffer.from(encodeClientFrame(frame)));
        }
      }),
    );
  });

  it('take at most twice the memory that is counted of them, and a chunk, whatever their length', () => {
    const chunkBytes = 16 * 1024;
    const verb = encodeUtf8('SET');
    for (const length of [100, 1000, 1025, 2000, 4000, 4096, 5600, 8200, 11_000, 16_500, 70_000]) {
      const text = 'x'.repeat(length);
      const inputs: readonly (string | readonly CommandPart[])[] = [
        text,
        [verb, text],
        [verb, 'key', text],
        [verb, 'key', encodeUtf8(text)],
        Array<string>(20).fill(text.slice(length / 2)),
      ];
      for (const [index, input] of inputs.entries()) {
        const slab = new CommandSlab();
        const chunks = new Set<SharedMemory>();
        let counted = 0;
        for (let round = 0; round < 60; round++) {
          const pending = newCommand();
          slab.write(pending, input);
          chunks.add(pending.chunk);
          counted += pending.bytes;
        }
        const taken = [...chunks].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
        assert.ok(
          taken <= 2 * counted + chunkBytes,
          `input ${index} of ${length}: ${taken} bytes for ${counted}`,
        );
      }
    }
  });

  it('write a verb with a key and a value as an argument list', () => {
    fc.assert(
      fc.property(part, part, (key, value) => {
        const slab = new CommandSlab();
        const pending = newCommand();
        slab.write(pending, [encodeUtf8('SET'), key, value]);
        const body = pending.chunk.bytes.subarray(pending.end - pending.commandBytes, pending.end);
        const expected = encodeArguments([encodeUtf8('SET'), bytesOf(key), bytesOf(value)]);
        assert.deepEqual(Buffer.from(body), Buffer.from(expected));
      }),
    );
  });
});

describe('the window of pending commands', () => {
  it('agrees with a map, whatever is added, removed and skipped', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ kind: 'add' } as const) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'skip' } as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
        const window = new PendingWindow(4096);
        const model = new Map<number, PendingCommand>();
        for (const one of steps) {
          if (one.kind === 'add') {
            const pending = newCommand();
            window.add(pending);
            model.set(pending.sequence, pending);
          } else if (one.kind === 'skip') {
            window.takeSequence();
          } else if (model.size > 0) {
            const [sequence, pending] = [...model][one.which % model.size] ?? assert.fail();
            model.delete(sequence);
            window.remove(pending);
            assert.equal(window.at(sequence), undefined);
          }
          assert.equal(window.count, model.size);
          const lowest = Math.min(window.nextSequence, ...model.keys());
          assert.ok(window.ackSequence < lowest, 'nothing open is acknowledged');
        }
        const seen: number[] = [];
        window.forEach((pending) => seen.push(pending.sequence));
        assert.deepEqual(seen, [...model.keys()]);
        for (const [sequence, pending] of model) assert.equal(window.at(sequence), pending);
      }),
      { numRuns: 30 },
    );
  });

  it('acknowledges everything once everything is settled', () => {
    const window = new PendingWindow(4096);
    const commands = Array.from({ length: 3000 }, newCommand);
    for (const one of commands) window.add(one);
    for (const one of commands.toReversed()) window.remove(one);
    assert.equal(window.ackSequence, 3000);
    assert.equal(window.nextSequence, 3001);
  });
});
