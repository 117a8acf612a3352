/** A soak leaves no layer out, does nothing twice, believes no program's silence, and goes on where it was. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COVERED } from '#src/coverage.ts';
import { LAYERS } from '#src/soak/layers.ts';
import { commandLine, coverageOf, pathOf, tallyOf } from '#src/soak/programs.ts';
import { type PartResult, type Progress, readProgress, writeProgress } from '#src/soak/progress.ts';
import { closingLine, failureLines, isGood, layerLine, layerStates } from '#src/soak/report.ts';
import { startPart } from '#src/soak/run-part.ts';
import { Soak, type SoakOptions } from '#src/soak/soak.ts';

const FULL = { share: 1, firstSeed: 1 };
const TINY = { share: 0.001, firstSeed: 1 };
const GOOD: PartResult = { ok: true, seconds: 1, tally: { seeds: 2 }, lastLine: 'all properties hold' };

function progressOf(parts: Progress['parts']): Progress {
  return { version: 1, minutes: 80, firstSeed: 1, code: 'abc', parts };
}

describe('a soak', () => {
  const scratch: string[] = [];
  const directory = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'quorate-soak-test-'));
    scratch.push(path);
    return path;
  };
  after(() => {
    for (const path of scratch) rmSync(path, { recursive: true, force: true });
  });

  it('has parts in every layer however small it is, each once, of programs that exist', () => {
    for (const scale of [FULL, TINY]) {
      const lines = LAYERS.flatMap((layer) => {
        const parts = layer.parts(scale);
        assert.ok(parts.length > 0, layer.name);
        for (const { program } of parts)
          assert.ok(existsSync(pathOf(program)) || program === 'chaos', program);
        return parts.map(({ program, args }) => commandLine(program, args));
      });
      assert.equal(new Set(lines).size, lines.length);
    }
  });

  it('runs every seed of a range once', () => {
    const [layer] = LAYERS;
    const ranges = layer
      ?.parts({ share: 1, firstSeed: 1001 })
      .map(({ args }) => args[1]?.split('..').map(Number));
    let next = 1001;
    for (const range of ranges ?? []) {
      assert.equal(range?.[0], next);
      next = (range?.[1] ?? 0) + 1;
    }
    assert.equal(next, 13_001);
  });

  it('reads what was done from what programs print', () => {
    assert.deepEqual(tallyOf('sim', 'seeds 7..9: 1200 events in 0.1 s, 12000 events/s'), {
      seeds: 3,
      events: 1200,
    });
    assert.deepEqual(tallyOf('sweep', 'title\n  cases   300 in 4 s\n  failed  0\n'), { cases: 300 });
    assert.deepEqual(tallyOf('fuzz', 'words 59,684 executions 1 s\naddresses 10 executions 1 s'), {
      inputs: 59_694,
    });
    assert.deepEqual(tallyOf('chaos', 'linearizable: yes (120 operations, 4 faults)'), {
      operations: 120,
      faults: 4,
    });
    assert.deepEqual(tallyOf('modelcheck', 'nothing of the kind'), {});
  });

  it('is good only when every part was done and none failed', () => {
    const lines = layerStates(progressOf({}), FULL).flatMap(({ wanted }) => wanted);
    const all = Object.fromEntries(lines.map((line) => [line, GOOD]));
    const [first = '', second = ''] = lines;
    const judge = (parts: Progress['parts']): readonly [boolean, string] => {
      const states = layerStates(progressOf(parts), FULL);
      return [isGood(states), closingLine(states, progressOf(parts))];
    };
    assert.deepEqual(judge(all), [true, 'soak of 80 minutes: every layer is good']);
    const { [first]: _, ...butOne } = all;
    assert.deepEqual(judge(butOne), [false, 'soak of 80 minutes: 1 layers unfinished']);
    const failed = { ...all, [second]: { ...GOOD, ok: false, lastLine: 'seed 5 FAILED', log: 'x.log' } };
    assert.deepEqual(judge(failed), [false, 'soak of 80 minutes: 1 layers FAILED']);
    const [state] = layerStates(progressOf(failed), FULL);
    assert.ok(state !== undefined);
    assert.match(layerLine(state), /1 FAILED$/);
    assert.deepEqual(failureLines(state), [`FAILED ${second}`, '  seed 5 FAILED', '  all of it: x.log']);
  });

  it('asks of all parts of a layer together what a part by itself may miss', () => {
    const [state] = layerStates(progressOf({}), FULL);
    assert.ok(state !== undefined && state.wanted.length >= 4);
    const verdictOf = (
      coverages: readonly (PartResult['coverage'] | undefined)[],
    ): readonly [boolean, string] => {
      const results = state.wanted.map((line, index): [string, PartResult] => {
        const coverage = coverages[index % coverages.length];
        return [line, { ...GOOD, tally: { seeds: 250 }, ...(coverage === undefined ? {} : { coverage }) }];
      });
      const whole = { ...state, results: new Map(results) };
      return [isGood([whole]), layerLine(whole)];
    };
    const { rot: _, ...others } = Object.fromEntries(COVERED.map((kind) => [kind, 3]));
    const [isEnough, lineOfEnough] = verdictOf([
      { ...others, rot: 0 },
      { ...others, rot: 1 },
    ]);
    assert.ok(isEnough && lineOfEnough.endsWith(' good'), lineOfEnough);
    const [isTooLittle, line] = verdictOf([{ ...others, rot: 0 }]);
    assert.ok(!isTooLittle && line.endsWith(' NOT COVERED: rot'), line);
    assert.equal(verdictOf([others, undefined])[0], true, 'what was not kept is not judged');
  });

  it('reads how often each kind of trouble happened', () => {
    const output = 'coverage: loss=12 rot=0\nseeds 1..2: x\ncoverage: loss=3 read-stale=1\n';
    assert.deepEqual(coverageOf(output), { loss: 15, rot: 0, 'read-stale': 1 });
    assert.equal(coverageOf('loss=12'), undefined);
  });

  it('keeps its progress, and takes no other file for it', () => {
    const path = join(directory(), 'progress.json');
    assert.equal(readProgress(path), undefined);
    writeProgress(path, progressOf({ 'npm run sim -- --seed 1': GOOD }));
    assert.deepEqual(readProgress(path), progressOf({ 'npm run sim -- --seed 1': GOOD }));
    for (const text of ['', '{}', '{"version":2}', '[1]']) {
      writeFileSync(path, text);
      assert.throws(() => readProgress(path), { code: 'ARGUMENT' });
    }
  });

  it('judges a part by its exit status, and keeps what a failing one printed', async function () {
    this.timeout(60_000);
    const good = await startPart({ program: 'sim', args: ['--depth', 'core', '--seeds', '1..2'] }, 'a core')
      .end;
    assert.equal(good.ok, true);
    assert.equal(good.tally['seeds'], 2);
    assert.ok((good.coverage?.['chosen'] ?? 0) > 0);
    assert.equal(good.lastLine, 'all properties hold');
    const bad = await startPart({ program: 'sim', args: ['--seeds', 'none'] }, 'a core').end;
    assert.equal(bad.ok, false);
    assert.match(bad.log ?? '', /usage:[^]*status 2/);
  });

  it('takes up what was begun, runs only what is open, and refuses another soak in the same place', async () => {
    const at = directory();
    const printed: string[] = [];
    const options: SoakOptions = {
      minutes: 1,
      firstSeed: 1,
      jobs: 1,
      directory: at,
      again: false,
      fresh: false,
      print: (line) => printed.push(line),
      tell: () => undefined,
    };
    const scale = { share: 1 / 80, firstSeed: 1 };
    const lines = layerStates(progressOf({}), scale).flatMap(({ wanted }) => wanted);
    const parts = Object.fromEntries(lines.map((line) => [line, GOOD]));
    writeProgress(join(at, 'progress.json'), { ...progressOf(parts), minutes: 1 });
    const before = readFileSync(join(at, 'progress.json'), 'utf8');
    assert.equal(await new Soak(options).run(), 0);
    assert.equal(printed.at(-1), 'soak of 1 minutes: every layer is good');
    assert.equal(readFileSync(join(at, 'progress.json'), 'utf8'), before, 'nothing was run');
    assert.throws(() => new Soak({ ...options, minutes: 5 }), /has begun/);
  });
});
