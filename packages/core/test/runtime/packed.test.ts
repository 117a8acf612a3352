/**
 * A store that executes commands where they lie gives everybody the same answers as one that is given objects: the same
 * slots go through both ways, and whoever waits is told the same.
 */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import {
  type Answer,
  type BatchGroup,
  ByteWriter,
  decodeNodeFrame,
  NIL_RESULT,
  type Result,
  withCommand,
  writeGroup,
} from '@quorate/wire';
import fc from 'fast-check';
import {
  type ApplyBatch,
  type Backend,
  EMPTY_IMAGE,
  type PackedBatch,
  type ResultSink,
} from '#src/ports/index.ts';
import type { Journal } from '#src/ports/journal.ts';
import { SILENT_LOGGER } from '#src/ports/logger.ts';
import { asSlot, type ChosenEntry } from '#src/protocol/types.ts';
import { Applier } from '#src/runtime/applier.ts';
import type { Batch } from '#src/runtime/batcher.ts';
import { DEFAULT_RUNTIME_LIMITS } from '#src/runtime/limits.ts';
import { BufferedResponder } from '#src/runtime/responder.ts';
import { SESSION_WINDOW_SEQUENCES } from '#src/runtime/session-limits.ts';
import { sessionIdOf } from '#src/runtime/session-table.ts';
import { VirtualClock } from './cluster.ts';

/** First byte of a command whose answer lies in the command. */
const ECHOED = 3;

/** Counts what it executes, and answers by the first byte: nothing, a refusal, the command and the count, or its rest. */
class Counting implements Pick<Backend<Uint8Array>, 'name' | 'durability' | 'open' | 'decode' | 'apply'> {
  readonly name = 'counting';
  readonly durability = 'volatile';
  #executed = 0;

  async open(): Promise<typeof EMPTY_IMAGE> {
    return EMPTY_IMAGE;
  }

  decode(bytes: Uint8Array): Uint8Array {
    return bytes;
  }

  apply(batch: ApplyBatch<Uint8Array>): ReturnType<Backend['apply']> {
    const list: Result[] = [];
    const sink: ResultSink = {
      value: (source, start, end) => void list.push({ ok: true, value: source.slice(start, end) }),
      nil: () => void list.push(NIL_RESULT),
      refused: (code, message) => void list.push({ ok: false, code, message }),
    };
    for (const { command } of batch.commands) this.execute(command, 0, command.length, sink);
    return list;
  }

  execute(bytes: Uint8Array, start: number, end: number, results: ResultSink): void {
    const command = bytes.subarray(start, end);
    this.#executed += 1;
    if (command[0] === 0) return results.nil();
    if (command[0] === 1) return results.refused('ODD', `command ${this.#executed} is not wanted`);
    if (command[0] === ECHOED) return results.value(bytes, start + 1, end);
    const answer = new Uint8Array(Buffer.concat([command, Buffer.from(` ${this.#executed}`)]));
    results.value(answer, 0, answer.length);
  }
}

class PackedCounting extends Counting {
  applyPacked({ bytes, count, starts, ends }: PackedBatch, results: ResultSink): void {
    for (let ordinal = 0; ordinal < count; ordinal++)
      this.execute(bytes, starts[ordinal] as number, ends[ordinal] as number, results);
  }
}

/** One node's applier, with somebody who waits for everything. */
class Node {
  readonly applier: Applier;
  readonly frames: Uint8Array[] = [];
  #waiting: Batch | undefined;
  isUnread = false;
  takesEchoes = false;

  readonly clock = new VirtualClock();

  constructor(backend: Counting, { isAway = false } = {}) {
    this.applier = new Applier({
      backend: backend as unknown as Backend,
      image: isAway ? undefined : EMPTY_IMAGE,
      reopen: () => backend.open(),
      clusterId: 'test',
      group: 0,
      journal: {} as Journal, // Nothing is ever read back.
      clock: this.clock,
      logger: SILENT_LOGGER,
      limits: DEFAULT_RUNTIME_LIMITS,
      checksum: (bytes, seed) => crc32(bytes, seed),
      handlers: {
        onApplied: () => undefined,
        waitersOf: () => this.#waiting,
        onProgress: () => undefined,
        onReopened: () => undefined,
        onFenced: (detail) => assert.fail(detail),
        onJournalFailure: (error) => assert.fail(error),
      },
    });
  }

  apply(entry: ChosenEntry, groups: readonly BatchGroup[]): Answer[] {
    const responder = new BufferedResponder(new Set(), {
      send: (frame) => void this.frames.push(frame),
      queuedBytes: () => (this.isUnread ? Number.POSITIVE_INFINITY : 0),
    });
    const waiters = groups.map((group) => ({
      responder,
      sequences: group.kind === 'commands' ? group.commands.map(({ sequence }) => sequence) : [900_000],
      takesEchoes: this.takesEchoes,
    }));
    const bytes = entry.value.kind === 'batch' ? entry.value.bytes : new Uint8Array(0);
    this.#waiting = { bytes, waiters };
    this.applier.deliver([entry]);
    this.applier.pump();
    responder.flush();
    return this.frames.splice(0).flatMap((frame) => {
      const decoded = decodeNodeFrame(frame);
      return decoded.kind === 'responses' ? decoded.answers : [];
    });
  }
}

const SESSIONS = [1, 2, 3].map((ordinal) => sessionIdOf(1, ordinal - 1));

/** New commands, retries of old ones, both in one slot, and everything that a client must not send. */
const groupsOfSlot: fc.Arbitrary<BatchGroup[]> = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant({ kind: 'open' as const }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...SESSIONS, 5).map((session) => ({ kind: 'close' as const, session })),
    },
    {
      weight: 12,
      arbitrary: fc
        .record({
          session: fc.constantFrom(...SESSIONS, ...SESSIONS, ...SESSIONS, 77),
          ackSequence: fc.oneof(fc.constant(0), fc.nat(12)),
          sequences: fc.uniqueArray(
            fc.oneof(
              { weight: 10, arbitrary: fc.integer({ min: 1, max: 40 }) },
              { weight: 1, arbitrary: fc.integer({ min: 4000, max: SESSION_WINDOW_SEQUENCES + 20 }) },
            ),
            { maxLength: 8 },
          ),
          first: fc.nat(4),
        })
        .map(({ session, ackSequence, sequences, first }) => ({
          kind: 'commands' as const,
          session,
          ackSequence,
          commands: sequences
            .sort((left, right) => left - right)
            .map((sequence) => ({ sequence, bytes: Uint8Array.of(first, sequence & 255, sequence >> 8) })),
        })),
    },
  ),
  { maxLength: 5 },
);

function entryOf(slot: number, groups: readonly BatchGroup[], stampMs: number): ChosenEntry {
  const out = new ByteWriter();
  for (const group of groups) writeGroup(out, group);
  return {
    slot: asSlot(slot),
    ballot: { round: 1, node: 1 },
    value: { kind: 'batch', stampMs, bytes: out.bytes() },
  } as unknown as ChosenEntry;
}

function bySequence(answers: readonly Answer[]): unknown {
  return answers.map((answer) => JSON.stringify(answer)).sort();
}

/** What a client makes of its answers, with the commands that it sent. */
function inFull(answers: readonly Answer[], groups: readonly BatchGroup[]): Answer[] {
  const commands = groups.flatMap((group) => (group.kind === 'commands' ? group.commands : []));
  return answers.map((answer) => {
    if (answer.kind !== 'echo') return answer;
    const { sequence, slot } = answer;
    const command = commands.find((one) => one.sequence === sequence);
    const result = withCommand(answer, command?.bytes ?? new Uint8Array(0));
    return { sequence, kind: 'result', slot, result: result ?? assert.fail('an echo of nothing') };
  });
}

/** One command for each of these bytes. */
function commandsOf(
  ...given: readonly (readonly [sequence: number, bytes: readonly number[]])[]
): BatchGroup[] {
  const commands = given.map(([sequence, bytes]) => ({ sequence, bytes: Uint8Array.from(bytes) }));
  return [{ kind: 'commands', session: SESSIONS[0] as number, ackSequence: 0, commands }];
}

describe('packed commands', () => {
  it('are answered, refused and remembered like commands that are objects', () => {
    fc.assert(
      fc.property(fc.array(groupsOfSlot, { minLength: 1, maxLength: 12 }), (slots) => {
        const [packed, plain] = [new Node(new PackedCounting()), new Node(new Counting())];
        const opening: BatchGroup[] = SESSIONS.map(() => ({ kind: 'open' }));
        for (const [index, groups] of [opening, ...slots].entries()) {
          const entry = entryOf(index + 1, groups, 1000 * index);
          assert.deepEqual(bySequence(packed.apply(entry, groups)), bySequence(plain.apply(entry, groups)));
          assert.equal(packed.applier.digest, plain.applier.digest);
          assert.equal(packed.applier.sessionCount, plain.applier.sessionCount);
        }
        for (const session of SESSIONS)
          for (let sequence = 1; sequence <= 40; sequence++) {
            const known = plain.applier.firstAnswer(session, sequence);
            const isEcho = known?.result.ok === true && known.result.value?.length === 2;
            assert.deepEqual(
              JSON.stringify(packed.applier.firstAnswer(session, sequence)),
              isEcho ? undefined : JSON.stringify(known),
            );
          }
      }),
      { numRuns: 300 },
    );
  });

  it('whose answer lies in themselves are answered by where, if who waits can read that', () => {
    let echoes = 0;
    fc.assert(
      fc.property(fc.array(groupsOfSlot, { minLength: 1, maxLength: 12 }), (slots) => {
        const [packed, plain] = [new Node(new PackedCounting()), new Node(new Counting())];
        packed.takesEchoes = true;
        const opening: BatchGroup[] = SESSIONS.map(() => ({ kind: 'open' }));
        for (const [index, groups] of [opening, ...slots].entries()) {
          const entry = entryOf(index + 1, groups, 1000 * index);
          const answers = packed.apply(entry, groups);
          echoes += answers.filter(({ kind }) => kind === 'echo').length;
          assert.deepEqual(bySequence(inFull(answers, groups)), bySequence(plain.apply(entry, groups)));
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(echoes > 100, `${echoes} echoes`);
  });

  it('get the place of their own value, wherever they lie in the slot, and its value when they come again', () => {
    const node = new Node(new PackedCounting());
    node.takesEchoes = true;
    const opening: BatchGroup[] = [{ kind: 'open' }];
    node.apply(entryOf(1, opening, 0), opening);
    const groups = commandsOf([1, [0]], [2, [ECHOED, 7, 8, 9]], [3, [ECHOED]], [4, [2]]);
    const first = node.apply(entryOf(2, groups, 0), groups);
    assert.deepEqual(first.slice(1, 3), [
      { sequence: 2, kind: 'echo', slot: 2, start: 1, end: 4 },
      { sequence: 3, kind: 'echo', slot: 2, start: 1, end: 1 },
    ]);
    const [again] = node.apply(entryOf(3, groups, 0), groups).filter(({ sequence }) => sequence === 2);
    assert.ok(again?.kind === 'result' && again.result.ok);
    assert.deepEqual(Buffer.from(again.result.value ?? []), Buffer.of(7, 8, 9));
  });

  it('that come again as other bytes, too short for the answer of the first, are refused', () => {
    const node = new Node(new PackedCounting());
    const opening: BatchGroup[] = [{ kind: 'open' }];
    node.apply(entryOf(1, opening, 0), opening);
    const groups = commandsOf([2, [ECHOED, 7, 8, 9]]);
    node.apply(entryOf(2, groups, 0), groups);
    const other = commandsOf([2, [ECHOED, 7]]);
    const [answer] = node.apply(entryOf(3, other, 0), other);
    assert.ok(answer?.kind === 'error' && answer.code === 'SEQUENCE_STALE', JSON.stringify(answer));
  });

  it('make a store well again that was away at the start', async () => {
    const node = new Node(new PackedCounting(), { isAway: true });
    const opening: BatchGroup[] = [{ kind: 'open' }];
    node.apply(entryOf(1, opening, 0), opening);
    for (let round = 0; round < 100 && node.applier.appliedSlot < 1; round++) {
      assert.equal(node.applier.health.state, 'retrying');
      node.clock.step();
      await new Promise(setImmediate);
    }
    assert.deepEqual(node.applier.health, { state: 'ok', detail: '' });
    assert.equal(node.applier.unwellMs, 0);
  });

  it('are told one by one to ask again when their receiver does not read', () => {
    const node = new Node(new PackedCounting());
    const opening: BatchGroup[] = [{ kind: 'open' }];
    node.apply(entryOf(1, opening, 0), opening);
    node.isUnread = true;
    const commands = [1, 2, 3].map((sequence) => ({ sequence, bytes: Uint8Array.of(2, sequence) }));
    const groups: BatchGroup[] = [
      { kind: 'commands', session: SESSIONS[0] as number, ackSequence: 0, commands },
    ];
    const answers = node.apply(entryOf(2, groups, 0), groups);
    assert.deepEqual(
      answers.map((answer) => [answer.sequence, answer.kind === 'error' && answer.code]),
      [1, 2, 3].map((sequence) => [sequence, 'DISCONNECTED']),
    );
  });
});
