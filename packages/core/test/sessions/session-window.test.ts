/** What a session keeps, against a map that keeps the same: whatever the order, the span and the size. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isEcho, NIL_RESULT, PackedAnswers, type Result, resultSize } from '@quorate/wire';
import fc from 'fast-check';
import { InvariantError } from '#src/protocol/invariant.ts';
import { RESULT_OVERHEAD_BYTES, SESSION_WINDOW_SEQUENCES } from '#src/runtime/session-limits.ts';
import { type KeptResult, SessionWindow } from '#src/runtime/session-window.ts';

type Step =
  | {
      readonly kind: 'begin' | 'keep' | 'pack' | 'echo' | 'drop';
      readonly above: number;
      readonly bytes: number;
    }
  /** Everything up to so far above the floor that is not known yet. */
  | { readonly kind: 'fill'; readonly above: number }
  | { readonly kind: 'advance'; readonly by: number };

const distance = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: SESSION_WINDOW_SEQUENCES }) },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom(
        'begin' as const,
        'keep' as const,
        'pack' as const,
        'echo' as const,
        'drop' as const,
      ),
      above: distance,
      bytes: fc.nat(50),
    }),
    fc.record({ kind: fc.constant('fill' as const), above: fc.integer({ min: 1, max: 700 }) }),
    fc.record({ kind: fc.constant('advance' as const), by: fc.oneof(distance, fc.nat(9000)) }),
  ),
  { maxLength: 60 },
);
// Low, and beyond what fits into 32 bits.
const floors = fc.constantFrom(0, 5, 2 ** 31 - 4, 2 ** 32 - 4, 2 ** 52);

describe('the window of a session', () => {
  it('keeps, finds, counts and forgets as a map would', () => {
    fc.assert(
      fc.property(floors, steps, (floor, script) => {
        const window = new SessionWindow(floor);
        const model = new Map<number, KeptResult>();
        for (const step of script) {
          if (step.kind === 'advance') {
            for (const one of model.keys()) if (one <= window.floor + step.by) model.delete(one);
            window.advance(window.floor + step.by);
          } else if (step.kind === 'fill') {
            for (let above = 1; above <= step.above; above++)
              if (!model.has(window.floor + above))
                play(window, model, { kind: 'keep', bytes: 0 }, window.floor + above);
          } else play(window, model, step, window.floor + step.above);
          assert.deepEqual(
            window.sequences(),
            [...model.keys()].sort((left, right) => left - right),
          );
          assert.equal(
            window.bytes,
            [...model.values()].reduce((sum, kept) => sum + sizeOf(kept), 0),
          );
          for (const [one, kept] of model) assert.deepEqual(plain(window.get(one)), plain(kept));
        }
      }),
    );
  });

  it('knows nothing at or below its floor or beyond its span, and takes nothing there', () => {
    const window = new SessionWindow(10);
    assert.equal(window.begin(11, 0), true);
    for (const sequence of [10, 3, 19, 10 + SESSION_WINDOW_SEQUENCES + 1]) {
      assert.equal(window.get(sequence), undefined);
      assert.equal(window.isPending(sequence), false);
    }
    for (const sequence of [10, 3, 10 + SESSION_WINDOW_SEQUENCES + 1]) {
      assert.equal(window.isWithin(sequence), false);
      assert.throws(() => window.begin(sequence, 0), InvariantError);
    }
    assert.equal(window.isPending(11), true);
  });

  it('takes memory for what it keeps, and not for the span over which a client spreads that', () => {
    const bytes = bytesOf((window) => {
      for (const sequence of [1, 2048, SESSION_WINDOW_SEQUENCES]) window.keep(sequence, NIL_RESULT);
    });
    assert.ok(bytes < 3000, `${bytes} bytes for three empty results`);
  });

  it('takes little memory when much was kept and is acknowledged', () => {
    const bytes = bytesOf((window) => {
      for (let sequence = 1; sequence <= SESSION_WINDOW_SEQUENCES; sequence++)
        window.keep(sequence, NIL_RESULT);
      window.advance(SESSION_WINDOW_SEQUENCES - 1);
      assert.deepEqual(window.get(SESSION_WINDOW_SEQUENCES), NIL_RESULT);
    });
    assert.ok(bytes < 10_000, `${bytes} bytes for one empty result`);
  });

  it('knows which command of the slot a pending sequence is, in the ring and beside it', () => {
    const window = new SessionWindow();
    const sequences = [
      1,
      2,
      5,
      SESSION_WINDOW_SEQUENCES,
      3000,
      ...Array.from({ length: 900 }, (_, one) => one + 6),
    ];
    for (const [ordinal, sequence] of sequences.entries())
      assert.equal(window.begin(sequence, ordinal), true);
    window.advance(2);
    for (const [ordinal, sequence] of sequences.entries())
      if (sequence > 2) assert.equal(window.ordinalOf(sequence), ordinal);
  });

  it('ends where numbers end', () => {
    const window = new SessionWindow(Number.MAX_SAFE_INTEGER - 2);
    window.keep(Number.MAX_SAFE_INTEGER, NIL_RESULT);
    assert.deepEqual(window.sequences(), [Number.MAX_SAFE_INTEGER]);
    window.advance(Number.MAX_SAFE_INTEGER);
    assert.deepEqual(window.sequences(), []);
    assert.equal(window.bytes, 0);
  });
});

/** Of memory that a window takes after `use`. */
function bytesOf(use: (window: SessionWindow) => void): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const windows: SessionWindow[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let one = 0; one < 200; one++) {
    const window = new SessionWindow();
    use(window);
    windows.push(window);
  }
  collect();
  return (process.memoryUsage().heapUsed - before) / windows.length;
}

function play(
  window: SessionWindow,
  model: Map<number, KeptResult>,
  { kind, bytes }: Omit<Extract<Step, { bytes: number }>, 'above'>,
  sequence: number,
): void {
  const result: Result = { ok: true, value: new Uint8Array(bytes).fill(sequence % 256) };
  switch (kind) {
    case 'begin':
      assert.equal(window.begin(sequence, 0), !model.has(sequence));
      if (!model.has(sequence)) model.set(sequence, 'pending');
      return;
    case 'keep':
      window.keep(sequence, result);
      return void model.set(sequence, result);
    case 'drop':
      window.keep(sequence, 'dropped');
      return void model.set(sequence, 'dropped');
    case 'pack': {
      const answers = new PackedAnswers();
      answers.begin(1, [sequence, sequence]);
      answers.nil();
      answers.value(result.value as Uint8Array, 0, bytes);
      window.keepPacked(sequence, answers.chunkOf(1), answers.startOf(1), answers.sizeOf(1));
      return void model.set(sequence, result);
    }
    case 'echo': {
      const answers = new PackedAnswers();
      const command = new Uint8Array(bytes + 2);
      answers.begin(1, [sequence], { bytes: command, starts: [0], ends: [bytes + 2] });
      answers.value(command, 2, bytes + 2);
      window.keepPacked(sequence, answers.chunkOf(0), answers.startOf(0), answers.sizeOf(0));
      return void model.set(sequence, { start: 2, end: bytes + 2 });
    }
    default:
      return kind satisfies never;
  }
}

function sizeOf(kept: KeptResult): number {
  if (kept === 'pending') return 0;
  if (kept === 'dropped') return RESULT_OVERHEAD_BYTES;
  return RESULT_OVERHEAD_BYTES + (isEcho(kept) ? kept.end - kept.start : resultSize(kept));
}

function plain(kept: KeptResult | undefined): unknown {
  if (kept === undefined || typeof kept === 'string' || isEcho(kept) || !kept.ok) return kept;
  return kept.value === null ? null : Buffer.from(kept.value).toString('hex');
}
