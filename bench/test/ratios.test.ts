/** Purpose: ratios are taken within a repetition, targets read them the right way round, and tables hide nothing. */
import assert from 'node:assert/strict';
import { type Sample, Samples } from '#src/ratios.ts';
import type { Point, SystemName } from '#src/system.ts';
import { measuredTable, ratioTable } from '#src/tables.ts';
import { checkTargets } from '#src/targets.ts';

const POINT: Point = { operation: 'write', inFlight: 256, connections: 8 };

function sample(system: SystemName, repetition: number, throughput: number, point: Point = POINT): Sample {
  const p50 = 1000 / throughput;
  const latencyMs = { p50, p90: p50, p99: 2 * p50, p999: 3 * p50, max: 4 * p50 };
  return {
    system,
    repetition,
    point,
    result: { throughput, latencyMs, errors: 0, unknown: 0 },
    serverCpuUs: undefined,
  };
}

describe('bench ratios', () => {
  const samples = [
    sample('quorate', 1, 900),
    sample('quorate', 2, 500),
    sample('quorate', 3, 800),
    sample('etcd', 1, 100),
    sample('etcd', 2, 50),
    sample('etcd', 3, 100),
  ];

  it('compares what was measured in the same repetition', () => {
    const ratio = new Samples(samples).ratio('throughput', ['quorate', POINT], ['etcd', POINT]);
    assert.deepEqual(ratio, { median: 9, low: 8, high: 10 });
  });

  it('leaves out what was not measured on both sides', () => {
    const all = new Samples(samples);
    assert.equal(all.ratio('throughput', ['quorate', POINT], ['baseline', POINT]), undefined);
    assert.equal(all.ratio('serverCpu', ['quorate', POINT], ['etcd', POINT]), undefined);
    assert.equal(all.value('etcd', POINT, 'throughput'), 100);
  });

  it('finds the point at which a rival is best', () => {
    const more = sample('etcd', 1, 300, { ...POINT, connections: 1 });
    assert.equal(new Samples([...samples, more]).best('etcd', POINT)?.connections, 1);
  });

  it('wants throughput to reach a bound and latency to keep below it', () => {
    const results = checkTargets(new Samples(samples));
    assert.deepEqual(
      results.map(({ metric, met, bound }) => [metric, bound, met]),
      [
        ['throughput', 8, true],
        ['p50', 0.25, true],
        ['p99', 0.25, true],
      ],
    );
    const slow = checkTargets(new Samples([sample('quorate', 1, 100), sample('etcd', 1, 100)]));
    assert.deepEqual(
      slow.map(({ met }) => met),
      [false, false, false],
    );
  });

  it('prints medians with their spread, and a dash for what is missing', () => {
    const measured = measuredTable(samples, ['quorate', 'etcd']).split('\n');
    assert.match(measured[2] ?? '', /^\| write +\| +256 \| +8 \| +800 \| +1\.25 \| +2\.50 \| +- \| +100 \|/);
    const ratios = ratioTable(samples).split('\n');
    assert.match(ratios[2] ?? '', /^\| write +\| +256 \| +8 \| +- \| +9\.00 \(8\.00-10\.0\) \|/);
  });
});
