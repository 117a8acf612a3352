/** Purpose: the command line means what the usage says, and a run is cut into rounds that cover what it promises. */
import assert from 'node:assert/strict';
import { readOptions } from '#src/options.ts';
import { planRounds } from '#src/round-plan.ts';

describe('options of a chaos run', () => {
  it('reads minutes or seconds, and draws a seed', () => {
    assert.equal(readOptions([]).seconds, 300);
    assert.equal(readOptions(['--minutes', '0.5']).seconds, 30);
    const options = readOptions([
      '--seconds',
      '20',
      '--nodes',
      '5',
      '--backend',
      'kv',
      '--seed',
      '7',
      '--rate',
      '400',
    ]);
    assert.deepEqual(options, { seconds: 20, nodes: 5, backend: 'kv', seed: 7, rate: 400, keep: false });
    assert.ok(Number.isSafeInteger(readOptions([]).seed));
  });

  for (const args of [
    ['--minutes', '1', '--seconds', '2'],
    ['--nodes', '4'],
    ['--backend', 'redis'],
    ['--seconds', 'ten'],
    ['--seconds', '1'],
    ['--seed', '1.5'],
    ['--rate=-1'],
  ]) {
    it(`refuses ${args.join(' ')}`, () => assert.throws(() => readOptions(args), { code: 'ARGUMENT' }));
  }

  it('cuts five minutes into rounds of both sizes and both backends', () => {
    const rounds = planRounds(readOptions(['--minutes', '5', '--seed', '1']));
    assert.equal(
      rounds.reduce((sum, { seconds }) => sum + seconds, 0),
      300,
    );
    assert.deepEqual(
      [...new Set(rounds.map(({ nodes }) => nodes))].toSorted((left, right) => left - right),
      [3, 5],
    );
    assert.deepEqual([...new Set(rounds.map(({ backend }) => backend))].toSorted(), ['kv', 'notebook']);
    assert.deepEqual(planRounds(readOptions(['--minutes', '5', '--seed', '1'])), rounds);
  });

  it('repeats a round from the line that a failure prints', () => {
    const third = planRounds(readOptions(['--minutes', '5', '--seed', '1']))[2];
    const line = `--seed ${third?.seed} --nodes ${third?.nodes} --backend ${third?.backend} --seconds ${third?.seconds}`;
    const again = planRounds(readOptions(line.split(' ')))[0];
    assert.deepEqual({ ...again, number: 3, rounds: 5 }, third);
  });
});
