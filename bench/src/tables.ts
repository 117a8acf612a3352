/**
 * The result in tables of text: what was measured, the ratios, the targets. Ratios of throughput above 1 and ratios
 * of latency and processor time below 1 speak for Quorate.
 */
import { type Metric, type Ratio, type Sample, Samples } from './ratios.ts';
import { type Point, pointName, type SystemName } from './system.ts';
import type { TargetResult } from './targets.ts';

const MISSING = '-';

export function measuredTable(samples: readonly Sample[], systems: readonly SystemName[]): string {
  const all = new Samples(samples);
  const header = [
    'operation',
    'in flight',
    'connections',
    ...systems.flatMap((name) => [`${name} /s`, 'p50 ms', 'p99 ms', 'cpu us']),
  ];
  const rows = pointsOf(samples).map((point) => [
    ...pointCells(point),
    ...systems.flatMap((name) => {
      const value = (metric: Metric): number | undefined => all.value(name, point, metric);
      return [whole(value('throughput')), fine(value('p50')), fine(value('p99')), fine(value('serverCpu'))];
    }),
  ]);
  return table(header, rows);
}

export function ratioTable(samples: readonly Sample[]): string {
  const all = new Samples(samples);
  const rows = pointsOf(samples).map((point) => {
    const ratio = (metric: Metric, rival: SystemName, at: Point = point): string =>
      show(all.ratio(metric, ['quorate', point], [rival, at]));
    const best = all.best('etcd', point);
    return [
      ...pointCells(point),
      ratio('throughput', 'baseline'),
      ratio('throughput', 'etcd'),
      best === undefined ? MISSING : ratio('throughput', 'etcd', best),
      ratio('p50', 'etcd'),
      ratio('p99', 'etcd'),
      ratio('serverCpu', 'etcd'),
    ];
  });
  const header = [
    'operation',
    'in flight',
    'connections',
    '/s : baseline',
    '/s : etcd',
    "/s : etcd's best",
    'p50 : etcd',
    'p99 : etcd',
    'cpu : etcd',
  ];
  return table(header, rows);
}

export function targetTable(results: readonly TargetResult[]): string {
  const rows = results.map(({ text, rival, metric, bound, found, met }) => [
    text,
    rival,
    `${metric === 'throughput' ? 'at least' : 'at most'} ${bound}`,
    show(found),
    met ? 'met' : 'missed',
  ]);
  return table(['target', 'against', 'bound', 'found', ''], rows);
}

/** In the order in which they were first measured. */
function pointsOf(samples: readonly Sample[]): Point[] {
  return [...new Map(samples.map(({ point }) => [pointName(point), point])).values()];
}

function pointCells({ operation, inFlight, connections }: Point): string[] {
  return [operation, String(inFlight), String(connections)];
}

function show(ratio: Ratio | undefined): string {
  if (ratio === undefined) return MISSING;
  const { median, low, high } = ratio;
  return low === high ? fine(median) : `${fine(median)} (${fine(low)}-${fine(high)})`;
}

function whole(value: number | undefined): string {
  return value === undefined ? MISSING : String(Math.round(value));
}

function fine(value: number | undefined): string {
  return value === undefined ? MISSING : value.toFixed(value >= 10 ? 1 : 2);
}

/** Markdown, aligned so that it can be read as it is: the first column to the left, the others to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}
