/**
 * Rules about input that nobody sends by accident: huge, deep, full of control characters, or named like a property that
 * every object has. It is refused, or it is a command like any other.
 */
import assert from 'node:assert/strict';
import { type CommandInput, decodeArguments, encodeArguments, encodeUtf8 } from '@quorate/wire';
import { CommandRefused } from '../ports/backend.ts';
import { cutText } from '../ports/cut-text.ts';
import { assertEqualStores } from './backend-conformance-apply.ts';
import { type Bench, describeInput, type StoreRun } from './backend-conformance-kit.ts';
import type { BackendRule } from './backend-conformance-rule.ts';

const MIB = 1024 * 1024;
/** What a client may send in one command, by default. */
const HUGE_BYTES = MIB - 4096;

const HOSTILE_WORDS: readonly string[] = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\u0000',
  '\ud800',
  '\u202e reversed',
  "'; DROP TABLE accounts; --",
  '$(reboot)',
  '../../etc/passwd',
  '%s%n',
  '1e400',
  '-0',
  '9007199254740993',
  'İIıi ß ﬀ é e\u0301',
];

export const HOSTILE_RULES: readonly BackendRule[] = [
  {
    name: 'HOSTILE-INPUT',
    claim: 'huge, deep and poisoned input is refused or executed alike, and the store works on',
    async check(bench) {
      const [one, other] = [await bench.open(), await bench.open()];
      const inputs = [...huge(), ...poisoned(bench)];
      for (const input of inputs) {
        const write = await writeOf(one, input);
        if (write === undefined) continue;
        const results = await one.applyBatch(one.batchOf([write]));
        assert.deepEqual(
          await other.applyBatch(other.batchOf([write])),
          results,
          `results of ${cutText(describeInput(input), 200)}`,
        );
      }
      await assertEqualStores(one, other);
      const writes = await bench.writes(one, 10);
      assert.deepEqual(await other.apply(writes), await one.apply(writes), 'results afterwards');
    },
  },
];

function* huge(): Generator<CommandInput> {
  for (const piece of ['x', '(', '{"a":', '[', "'", '"', '\\', ' ', '-', ';', '\n', 'é'])
    yield { form: 'text', text: piece.repeat(Math.floor(HUGE_BYTES / encodeUtf8(piece).length)) };
  yield { form: 'arguments', bytes: encodeArguments([new Uint8Array(HUGE_BYTES).fill(0xff)]) };
  yield { form: 'arguments', bytes: encodeArguments(Array.from({ length: 60_000 }, () => encodeUtf8('a'))) };
}

/** The samples, with one word after the other replaced. */
function* poisoned({ subject }: Bench): Generator<CommandInput> {
  for (const sample of subject.commands) {
    for (const word of [...HOSTILE_WORDS, 'y'.repeat(100_000)]) {
      if (sample.form === 'text') {
        const words = sample.text.split(' ');
        for (let at = 0; at < Math.min(words.length, 8); at++)
          yield { form: 'text', text: words.with(at, word).join(' ') };
      } else {
        const words = decodeArguments(sample.bytes);
        for (let at = 0; at < Math.min(words.length, 8); at++)
          yield { form: 'arguments', bytes: encodeArguments([...words].with(at, encodeUtf8(word))) };
      }
    }
  }
}

/** The log's bytes, when it is a write that is not refused. */
async function writeOf(run: StoreRun, input: CommandInput): Promise<Uint8Array | undefined> {
  const { backend } = run;
  const parsed = backend.parse(input);
  if (!parsed.ok) {
    assert.ok(parsed.error.length > 0 && parsed.error.length < MIB, 'a refusal says why, in few words');
    return undefined;
  }
  if (parsed.access === 'read') {
    await backend.query(parsed.command);
    return undefined;
  }
  try {
    const random = (count: number): Uint8Array => new Uint8Array(count).fill(7);
    const prepared = await backend.prepare?.(parsed.command, { nowMs: 1_700_000_000_000, random });
    return backend.encode(prepared ?? parsed.command).slice();
  } catch (error) {
    assert.ok(error instanceof CommandRefused, `prepare throws ${String(error)}`);
    return undefined;
  }
}
