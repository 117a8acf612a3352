/** Purpose: numbers and pictures of a run are right, bounded, and named as scripts expect them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Latencies } from '#src/perf/latencies.ts';
import { Ledger } from '#src/perf/ledger.ts';
import { Load } from '#src/perf/load.ts';
import { coursePicture, histogramPicture } from '#src/perf/picture.ts';
import { type PerfFlags, readPlan } from '#src/perf/plan.ts';
import { Recorder } from '#src/perf/recorder.ts';
import { describeReport, makeReport, median, type PerfReport } from '#src/perf/report.ts';
import { runSvg } from '#src/perf/svg.ts';
import { Timeline } from '#src/perf/timeline.ts';
import { MemoryClient } from './memory-client.ts';

async function runOf(flags: PerfFlags): Promise<{ load: Load; report: PerfReport }> {
  const plan = readPlan(flags);
  const ledger = new Ledger({ run: 'test', keyCount: 1000, valueBytes: 20, numbered: true });
  const load = new Load({
    clients: [new MemoryClient()],
    ledger,
    inFlight: 2,
    limit: { kind: 'requests', count: 300 },
    period: ['set'],
  });
  await load.run();
  const verification = { keys: 300, acknowledgedWrites: 300, lost: 0, examples: [] };
  const kills = [...plan.kills, ...Array.from({ length: plan.failovers })].map(() => ({ node: 2, atMs: 10 }));
  return {
    load,
    report: makeReport({ plan, load, kills, gapsMs: plan.failovers > 0 ? [250, 90, 120] : [], verification }),
  };
}

describe('perf latencies', () => {
  it('agrees with sorting, to three digits', () => {
    const samples = fc.array(fc.double({ min: 0.001, max: 10_000, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(samples, (values) => {
        const latencies = new Latencies();
        for (const value of values) latencies.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        for (const percent of [50, 90, 99, 100]) {
          // Which of two neighbours a rank that is not whole means is a matter of convention.
          const rank = (percent / 100) * sorted.length;
          const lower = sorted[Math.max(1, Math.floor(rank)) - 1] ?? 0;
          const upper = sorted[Math.ceil(rank) - 1] ?? 0;
          const found = latencies.percentile(percent);
          assert.ok(
            found >= lower * 0.998 - 2e-6 && found <= upper * 1.002 + 2e-6,
            `p${percent} of ${values.join()}`,
          );
        }
        assert.equal(latencies.summary().count, values.length);
      }),
    );
  });

  it('is all zeros when nothing was recorded', () => {
    assert.deepEqual(new Latencies().summary(), {
      count: 0,
      mean: 0,
      p50: 0,
      p90: 0,
      p99: 0,
      p999: 0,
      max: 0,
    });
  });
});

describe('perf timeline', () => {
  it('keeps count, sum and worst whatever the length of the run', () => {
    const events = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.double({ min: 0.01, max: 1e4, noNaN: true })),
      { minLength: 1, maxLength: 100 },
    );
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 600 }), (list, limit) => {
        const timeline = new Timeline();
        for (const [at, latency] of list) timeline.record(at, latency);
        const slices = timeline.slices(limit);
        assert.ok(slices.length <= Math.min(limit, 512));
        assert.equal(
          slices.reduce((sum, slice) => sum + slice.count, 0),
          list.length,
        );
        assert.equal(
          Math.max(...slices.map((slice) => slice.maxMs)),
          Math.max(...list.map(([, latency]) => latency)),
        );
      }),
    );
  });
});

describe('perf recorder', () => {
  it('measures a silence from the moment of watching, for the client that waited longest', () => {
    const recorder = new Recorder(2, 0);
    recorder.answered(0, 1, 10);
    recorder.answered(1, 1, 10);
    recorder.watchSilence(100);
    recorder.answered(0, 50, 150);
    recorder.answered(1, 230, 330);
    recorder.answered(0, 1, 340);
    assert.equal(recorder.endSilence(), 230);
    assert.equal(recorder.allAnsweredSince, 330);
    assert.equal(recorder.lastAnswerAt, 340);
    recorder.watchSilence(400);
    recorder.answered(0, 1, 420);
    assert.equal(recorder.endSilence(), 20);
  });
});

describe('perf report', () => {
  it('names its numbers as promised', async () => {
    const { report } = await runOf({ spawn: '3', kill: ['2@25'] });
    const json = JSON.parse(JSON.stringify(report)) as Record<string, unknown>;
    for (const name of ['throughput', 'errors', 'unknown']) assert.equal(typeof json[name], 'number');
    assert.deepEqual(Object.keys(report.latencyMs).sort(), ['max', 'mean', 'p50', 'p90', 'p99', 'p999']);
    assert.equal(report.operations, 300);
    assert.deepEqual(report.kills, [{ node: 2, atMs: 10 }]);
    assert.match(
      describeReport(report),
      /killed {6}node 2 after 0\.01 s\n[^]*read back {3}300 keys of 300 acknowledged writes, 0 lost/,
    );
  });

  it('adds the gaps of a failover run', async () => {
    const { report } = await runOf({ spawn: '3', failover: '3' });
    assert.deepEqual([report.gapsMs, report.medianMs, report.maxMs], [[250, 90, 120], 120, 250]);
    assert.match(
      describeReport(report),
      /node 2 after 0\.01 s: 90\.0 ms without an answer\n[^]*failover {4}median 120 ms, max 250 ms/,
    );
    assert.deepEqual([median([]), median([7]), median([4, 1]), median([9, 1, 5])], [0, 7, 2.5, 5]);
  });
});

describe('perf pictures', () => {
  it('draws a bar for every range in between and never hides a rare one', () => {
    const recorder = new Recorder(1, 0);
    for (let index = 0; index < 10_000; index++) recorder.answered(0, 0.3, index);
    recorder.answered(0, 40, 10_001);
    const lines = histogramPicture(recorder.bars).split('\n');
    assert.equal(lines.length, 7);
    assert.match(lines[0] ?? '', /< 0\.5 ms \| #{50} +99\.99 % {2}10000$/);
    assert.match(lines[6] ?? '', /< 50 ms \| \. +0\.01 % {2}1$/);
    assert.match(coursePicture(recorder.timeline), /from 0\.30 to 40\.0 ms \(log\)\n\[▁+█\]$/);
    assert.equal(histogramPicture([0, 0]), '');
  });

  it('writes an SVG without anything undefined in it', async () => {
    const { load } = await runOf({});
    const svg = runSvg('a < b', load, [{ node: 2, atMs: 10 }]);
    assert.match(svg, /^<svg [^]*kill -9 node 2[^]*<\/svg>\n$/);
    assert.match(svg, /a &lt; b/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    assert.equal((svg.match(/<polyline/g) ?? []).length, 3);
  });
});
