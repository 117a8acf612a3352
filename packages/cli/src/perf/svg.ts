/**
 * The run as an SVG file with two curves on logarithmic scales: latency over time (the mean and the worst of each
 * stretch, kills marked), and latency by percentile, where the tail gets as much room as the middle.
 *
 * Self-contained: no script, no style sheet, no font but the viewer's own.
 */
import type { KillRecord } from './faults.ts';
import type { Load } from './load.ts';
import { ms } from './report.ts';

type Point = { readonly x: number; readonly y: number };
type Panel = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
type Scale = (value: number) => number;

const TIME_PANEL: Panel = { left: 60, top: 50, width: 520, height: 300 };
const PERCENTILE_PANEL: Panel = { left: 650, top: 50, width: 300, height: 300 };
const MAX_POINTS = 260;
/** Where the percentile curve is taken; its x axis counts nines. */
const PERCENTILES = [
  0.1, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 93, 95, 97, 98, 99, 99.3, 99.5, 99.7, 99.9, 99.95, 99.99,
  99.999, 100,
];
const LABELLED = [50, 90, 99, 99.9, 99.99, 99.999];
const NINES = 5;

export function runSvg(title: string, load: Load, kills: readonly KillRecord[]): string {
  const { latencies, timeline } = load.recorder;
  const slices = timeline.slices(MAX_POINTS).filter((slice) => slice.count > 0);
  const { max } = latencies.summary();
  const lowest = Math.min(latencies.percentile(0.1), ...slices.map((slice) => slice.meanMs)) || 0.01;
  const y = logScale(lowest, Math.max(max, lowest * 10), TIME_PANEL);
  const x = (atMs: number): number =>
    TIME_PANEL.left + (atMs / Math.max(1, load.elapsedMs)) * TIME_PANEL.width;
  const nines = (percent: number): number =>
    PERCENTILE_PANEL.left +
    (Math.min(NINES, -Math.log10(1 - Math.min(percent, 99.9999) / 100)) / NINES) * PERCENTILE_PANEL.width;

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 980 400" width="980" height="400" font-family="sans-serif" font-size="11">`,
    `<rect width="980" height="400" fill="white"/>`,
    text(TIME_PANEL.left, 20, title, 'start', 13),
    text(TIME_PANEL.left, 40, 'latency in ms over time: worst (red), mean (blue)', 'start'),
    text(PERCENTILE_PANEL.left, 40, 'latency in ms by percentile', 'start'),
    frame(TIME_PANEL),
    frame(PERCENTILE_PANEL),
    ...decades(lowest, Math.max(max, lowest * 10)).map((value) => gridLine(value, y(value))),
    ...timeLabels(load.elapsedMs).map((at) => text(x(at), 366, `${at / 1000} s`, 'middle')),
    ...LABELLED.map((percent) => text(nines(percent), 366, String(percent), 'middle')),
    ...kills.map((kill) => killMark(x(kill.atMs), kill.node)),
    curve(
      slices.map((slice) => ({ x: x(slice.fromMs), y: y(slice.maxMs) })),
      '#c33',
    ),
    curve(
      slices.map((slice) => ({ x: x(slice.fromMs), y: y(slice.meanMs) })),
      '#36c',
    ),
    curve(
      PERCENTILES.map((percent) => ({ x: nines(percent), y: y(latencies.percentile(percent)) })),
      '#36c',
    ),
    `</svg>`,
    '',
  ].join('\n');
}

function logScale(lowest: number, highest: number, panel: Panel): Scale {
  const span = Math.log(highest / lowest);
  return (value) =>
    panel.top +
    panel.height * (1 - Math.min(1, Math.max(0, Math.log(Math.max(value, lowest) / lowest) / span)));
}

/** 1, 2 and 5 of every decade within the range. */
function decades(lowest: number, highest: number): number[] {
  const values: number[] = [];
  for (let exponent = Math.floor(Math.log10(lowest)); exponent <= Math.log10(highest); exponent++) {
    for (const step of [1, 2, 5]) values.push(Number((step * 10 ** exponent).toPrecision(1)));
  }
  return values.filter((value) => value >= lowest && value <= highest);
}

/** At most about ten, at round distances. */
function timeLabels(durationMs: number): number[] {
  const rough = durationMs / 8;
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10) * unit;
  return Array.from({ length: Math.floor(durationMs / step) + 1 }, (_, index) => index * step);
}

function gridLine(value: number, y: number): string {
  const line = ({ left, width }: Panel): string =>
    `<line x1="${left}" x2="${left + width}" y1="${round(y)}" y2="${round(y)}" stroke="#ddd"/>`;
  return `${line(TIME_PANEL)}${line(PERCENTILE_PANEL)}${text(TIME_PANEL.left - 6, y + 4, ms(value), 'end')}`;
}

function killMark(x: number, node: number): string {
  const { top, height } = TIME_PANEL;
  const line = `<line x1="${round(x)}" x2="${round(x)}" y1="${top}" y2="${top + height}" stroke="#888" stroke-dasharray="4 3"/>`;
  return `${line}${text(x + 3, top + 12, `kill -9 node ${node}`, 'start')}`;
}

function curve(points: readonly Point[], colour: string): string {
  const path = points.map((point) => `${round(point.x)},${round(point.y)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.3"/>`;
}

function frame({ left, top, width, height }: Panel): string {
  return `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#444"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size = 11): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}">${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
