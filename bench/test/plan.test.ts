/** Purpose: the arguments of the benchmark select what is measured, and a wrong one is named. */
import assert from 'node:assert/strict';
import { readPlan } from '#src/plan.ts';

describe('bench plan', () => {
  it('measures everything three times by default, and less when in a hurry', () => {
    const full = readPlan([]);
    const quick = readPlan(['--quick']);
    assert.deepEqual(full.systems, ['baseline', 'quorate', 'etcd']);
    assert.deepEqual(
      [full.repetitions, full.etcdCheck, quick.repetitions, quick.etcdCheck],
      [3, true, 1, false],
    );
    assert.ok(quick.points.length < full.points.length);
    for (const inFlight of [1, 64, 256, 1024])
      assert.ok(full.points.some((point) => point.inFlight === inFlight));
  });

  it('takes a choice of systems', () => {
    const plan = readPlan([
      '--only',
      'quorate,baseline',
      '--repetitions',
      '2',
      '--duration',
      '500',
      '--flush',
      'sync',
    ]);
    assert.deepEqual(plan.systems, ['quorate', 'baseline']);
    assert.deepEqual(
      [plan.repetitions, plan.times.durationMs, plan.flush, plan.etcdCheck],
      [2, 500, 'sync', false],
    );
  });

  for (const args of [
    ['--only', 'zookeeper'],
    ['--flush', 'never'],
    ['--repetitions', '0'],
    ['--slow'],
    ['extra'],
  ]) {
    it(`refuses ${args.join(' ')}`, () => {
      assert.throws(() => readPlan(args), { code: 'ARGUMENT', message: new RegExp(args.at(-1) ?? '') });
    });
  }
});
