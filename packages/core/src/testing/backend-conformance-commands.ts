/**
 * Rules about commands: reading them, their bytes, and the short cut for argument lists.
 */
import assert from 'node:assert/strict';
import { type CommandInput, encodeArguments, encodeUtf8, equalBytes } from '@quorate/wire';
import type { Backend } from '../ports/backend.ts';
import type { Random } from '../protocol/random.ts';
import { type Bench, describeInput, type StoreRun, shownBytes } from './backend-conformance-kit.ts';
import type { BackendRule } from './backend-conformance-rule.ts';

const GARBAGE_COUNT = 400;

export const COMMAND_RULES: readonly BackendRule[] = [
  {
    name: 'SAMPLES-PARSE',
    claim: 'the sample commands parse, at least one of them as a read and two as writes',
    async check(bench) {
      const run = await bench.open();
      const accesses = bench.subject.commands.map((input) => {
        const parsed = run.backend.parse(input);
        assert.ok(parsed.ok, `${describeInput(input)}: ${parsed.ok ? '' : parsed.error}`);
        return parsed.access;
      });
      assert.ok(accesses.filter((access) => access === 'read').length >= 1, 'no sample is a read');
      assert.ok(
        accesses.filter((access) => access === 'write').length >= 2,
        'less than two samples are writes',
      );
    },
  },
  {
    name: 'PARSE-TOTAL',
    claim: 'any input gives a command or an error in words; parse and explain never throw',
    async check(bench) {
      const run = await bench.open();
      for (const input of garbage(bench)) assertTotal(run.backend, input);
    },
  },
  {
    name: 'PARSE-REFUSES',
    claim: 'what is no command is refused before it reaches the log',
    async check(bench) {
      const run = await bench.open();
      assert.ok(bench.subject.refused.length > 0, 'the subject names nothing that is refused');
      for (const input of bench.subject.refused)
        assert.ok(!run.backend.parse(input).ok, `${describeInput(input)} is taken for a command`);
    },
  },
  {
    name: 'ENCODE-ROUND-TRIP',
    claim: 'decoding what encode gave and encoding it again gives the same bytes',
    async check(bench) {
      const run = await bench.open();
      for (const input of await inputs(bench, run)) {
        const bytes = run.bytesOf(input);
        assertSame(run.backend.encode(run.backend.decode(bytes)), bytes, input);
      }
    },
  },
  {
    name: 'ENCODE-CANONICAL',
    claim: 'two backends give the same command the same bytes',
    async check(bench) {
      const [one, other] = [await bench.open(), await bench.open()];
      for (const input of await inputs(bench, one))
        assertSame(one.bytesOf(input), other.bytesOf(input), input);
    },
  },
  {
    name: 'DECODE-STRICT',
    claim: 'bytes that are no encoded command are refused, or they are a command with exactly these bytes',
    async check(bench) {
      const run = await bench.open();
      const encoded = (await inputs(bench, run)).map((input) => run.bytesOf(input));
      for (let count = 0; count < GARBAGE_COUNT; count++) {
        const bytes = damaged(bench.random, bench.random.pick(encoded));
        let again: Uint8Array;
        try {
          again = run.backend.encode(run.backend.decode(bytes));
        } catch (error) {
          assert.ok(error instanceof Error, 'decode throws Errors');
          continue;
        }
        assertSame(again, bytes, { form: 'arguments', bytes });
      }
    },
  },
  {
    name: 'ADMIT-AGREES',
    claim: 'the short cut for argument lists says what parse and encode say, or nothing',
    async check(bench) {
      const run = await bench.open();
      if (run.backend.admit === undefined) return;
      for (const input of [...(await inputs(bench, run)), ...garbage(bench)])
        assertAdmitAgrees(run.backend, input);
    },
  },
];

function assertTotal(backend: Backend, input: CommandInput): void {
  const parsed = backend.parse(input);
  if (!parsed.ok) assert.ok(parsed.error.length > 0, `${describeInput(input)} is refused without a word`);
  const explained = backend.explain(input);
  assert.ok(
    explained.length > 0 && !explained.includes('\n'),
    `explain gives one line for ${describeInput(input)}`,
  );
}

function assertAdmitAgrees(backend: Backend, input: CommandInput): void {
  if (input.form !== 'arguments') return;
  const access = backend.admit?.(input.bytes);
  if (access === undefined) return;
  const parsed = backend.parse(input);
  assert.ok(parsed.ok, `admit takes what parse refuses: ${describeInput(input)}`);
  assert.equal(access, parsed.access, `access of ${describeInput(input)}`);
  assertSame(backend.encode(parsed.command), input.bytes, input);
}

function assertSame(actual: Uint8Array, expected: Uint8Array, input: CommandInput): void {
  assert.ok(
    equalBytes(actual, expected),
    `other bytes for ${describeInput(input)}: ${shownBytes(actual)} in place of ${shownBytes(expected)}`,
  );
}

/** The samples and random commands. */
async function inputs(bench: Bench, run: StoreRun): Promise<CommandInput[]> {
  return [...bench.subject.commands, ...(await bench.writes(run, 50))];
}

/** Nonsense of every kind, near to real commands and far from them. */
function garbage({ subject, random }: Bench): CommandInput[] {
  const seeds = [...subject.commands, ...subject.refused];
  const list: CommandInput[] = [
    { form: 'text', text: '' },
    { form: 'text', text: '\u0000\ud800"\\' },
    { form: 'text', text: 'x'.repeat(100_000) },
    { form: 'arguments', bytes: new Uint8Array(0) },
    { form: 'arguments', bytes: encodeArguments([]) },
    { form: 'arguments', bytes: encodeArguments(Array.from({ length: 1000 }, () => encodeUtf8('word'))) },
  ];
  for (let count = 0; count < GARBAGE_COUNT; count++) {
    const seed = random.pick(seeds);
    if (seed.form === 'text') list.push({ form: 'text', text: damagedText(random, seed.text) });
    else list.push({ form: 'arguments', bytes: damaged(random, seed.bytes) });
  }
  return list;
}

/** Some bytes changed, cut off, inserted or doubled. */
function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  const result = Array.from(bytes);
  for (let step = random.between(1, 3); step > 0; step--) {
    const at = random.below(result.length + 1);
    const change = random.below(4);
    if (change === 0 && at < result.length) result[at] = random.below(256);
    else if (change === 1) result.splice(at, random.between(1, 4));
    else if (change === 2) result.splice(at, 0, random.below(256));
    else result.push(...result.slice(at));
  }
  return Uint8Array.from(result.slice(0, 65_536));
}

const ODD = [
  '"',
  "'",
  '\\',
  '\n',
  '\u0000',
  ' ',
  '\u2028',
  '\ud83d',
  'é',
  '-1',
  'NaN',
  '{',
  ';',
  '\\x0',
  '__proto__',
];

function damagedText(random: Random, text: string): string {
  let result = text;
  for (let step = random.between(1, 3); step > 0; step--) {
    const at = random.below(result.length + 1);
    const tail = random.chance(0.5) ? result.slice(at) : result.slice(at + random.between(1, 3));
    result = result.slice(0, at) + (random.chance(0.7) ? random.pick(ODD) : '') + tail;
  }
  return result;
}
