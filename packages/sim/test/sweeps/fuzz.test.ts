/**
 * Every decoder gives a value or refuses with an error that has a code, whatever bytes come: a bounded run of the fuzzer
 * with a fixed seed. `npm run fuzz` goes on for longer with fresh ones.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { replayLine, runPart, stride } from '#src/sweeps/run-part.ts';
import { FramePart } from './flips/frame-part.ts';
import { makeScratchDirectory } from './flips/journal-image.ts';
import { allTargets } from './fuzz/all-targets.ts';
import type { FuzzTarget } from './fuzz/fuzz-target.ts';
import { KNOWN_FINDINGS } from './fuzz/known-findings.ts';
import { describeFinding, execute, fuzz, shareOut } from './fuzz/run-fuzz.ts';

const SEED = 20_260_304;
const EXECUTIONS = 120_000;
const BUDGET_MS = 1500;
const SETUP_MS = 60_000;
const PROGRAM_STACK_FRAMES = 10;

describe('fuzzing', () => {
  let directory: string;
  let targets: readonly FuzzTarget[];
  const { stackTraceLimit } = Error;

  before(async function () {
    this.timeout(SETUP_MS);
    // As in a program: a test runner keeps all of a stack, which makes every error of a deep recursion slow.
    Error.stackTraceLimit = PROGRAM_STACK_FRAMES;
    directory = makeScratchDirectory();
    targets = await allTargets(directory);
  });
  after(() => {
    Error.stackTraceLimit = stackTraceLimit;
    rmSync(directory, { recursive: true, force: true });
  });

  it('finds nothing in a bounded run over every decoder, which reads some inputs and refuses others', async function () {
    this.timeout(120_000);
    const shares = shareOut(targets, EXECUTIONS);
    for (const target of targets) {
      const report = await fuzz(target, {
        seed: SEED,
        executions: shares.get(target.name) ?? 0,
        budgetMs: BUDGET_MS,
      });
      assert.equal(report.finding === undefined ? '' : describeFinding(report, report.finding), '');
      const refused = report.executions - report.read;
      // A fuzzer whose inputs are all refused at the door proves little.
      assert.ok(
        report.executions >= target.corpus.length &&
          report.read > report.executions / 20 &&
          refused > report.executions / 20,
        `${target.name}: ${report.read} read, ${refused} refused`,
      );
    }
  });

  for (const { target: name, what, input } of KNOWN_FINDINGS) {
    it(`${name} refuses ${what}`, async function () {
      this.timeout(30_000);
      const target = targets.find((candidate) => candidate.name === name);
      assert.ok(target !== undefined);
      const { code, why } = await execute(target, input);
      assert.equal(why, undefined);
      assert.notEqual(code, undefined, 'it was read');
    });
  }

  it('reports a decoder that throws, with the shortest input that makes it, and one that refuses what is valid', async () => {
    const sound: FuzzTarget = {
      name: 'sound',
      corpus: [Uint8Array.of(1, 2, 3, 4)],
      judge: (bytes) => (bytes[0] === 1 ? undefined : 'WIRE_MALFORMED'),
      share: 1,
    };
    const plan = { seed: SEED, executions: 5000, budgetMs: BUDGET_MS };
    assert.equal((await fuzz(sound, plan)).finding, undefined);
    const throwing: FuzzTarget = {
      ...sound,
      judge: (bytes) => {
        if (bytes.includes(0xff)) throw new RangeError('beyond the end');
        return undefined;
      },
    };
    const found = (await fuzz(throwing, plan)).finding;
    assert.match(found?.why ?? '', /^RangeError: beyond the end$/);
    assert.deepEqual([...(found?.input ?? [])], [0xff], 'the shortest input that does it');
    const refusing = await fuzz({ ...sound, judge: () => 'WIRE_MALFORMED' }, plan);
    assert.match(refusing.finding?.why ?? '', /a valid encoding is refused with WIRE_MALFORMED/);
  });

  it('gives the same inputs for the same seed', async () => {
    const seen: string[][] = [[], []];
    for (const list of seen) {
      const target: FuzzTarget = {
        name: 'listening',
        corpus: [Uint8Array.of(1, 2, 3, 4, 5, 6)],
        judge: (bytes) => void list.push(String(bytes)),
        share: 1,
      };
      await fuzz(target, { seed: SEED, executions: 500, budgetMs: BUDGET_MS });
    }
    assert.equal(seen[0]?.length, 500);
    assert.deepEqual(seen[0], seen[1]);
  });
});

describe('sweep: flipped bits in frames', () => {
  it('are all noticed between nodes, and harmless from clients', async function () {
    this.timeout(60_000);
    const part = new FramePart();
    const { failures } = await runPart(part, {
      indices: stride(0, part.size, 0, 1),
      count: part.size,
      maxFailures: 5,
    });
    assert.deepEqual(
      failures.map(({ name, complaint }) => `${complaint}\n  replay: ${replayLine(part, name)}`),
      [],
    );
    assert.ok(part.size > 60, `${part.size} frames`);
  });
});
