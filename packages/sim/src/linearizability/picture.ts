/** A violation as an SVG: the drawing of `timeline.ts` with bars instead of signs. */
import { type Bar, layOut } from './layout.ts';
import type { SmallViolation } from './shrink.ts';
import { explanation } from './timeline.ts';

const COLUMN_PX = 8;
const LANE_PX = 34;
const BAR_PX = 24;
const MARGIN_PX = 24;
const LANE_LABEL_PX = 110;
const LINE_PX = 20;
const TITLE_PX = 44;

export function picture(violation: SmallViolation): string {
  const { problem, shown, stuck } = violation;
  const { bars, lanes, columns } = layOut(shown);
  const words = explanation(violation);
  const lanesEnd = TITLE_PX + lanes.length * LANE_PX;
  const textWidth = Math.max(...words.map((line) => line.length)) * COLUMN_PX;
  const width = 2 * MARGIN_PX + Math.max(LANE_LABEL_PX + columns * COLUMN_PX, textWidth);
  const height = lanesEnd + (words.length + 1) * LINE_PX + MARGIN_PX;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(
      MARGIN_PX,
      28,
      `key ${problem.key}, a ${problem.model.name}: no order explains these answers`,
      'font-weight="bold"',
    ),
    ...lanes.map((lane, index) =>
      text(MARGIN_PX, TITLE_PX + index * LANE_PX + BAR_PX - 7, lane, 'fill="#57606a"'),
    ),
    ...bars.map((bar) => drawBar(bar, bar.call.id === stuck.call.id)),
    ...words.map((line, index) => text(MARGIN_PX, lanesEnd + (index + 1) * LINE_PX, line, '')),
    '</svg>',
    '',
  ].join('\n');
}

function drawBar(bar: Bar, isMarked: boolean): string {
  const x = MARGIN_PX + LANE_LABEL_PX + bar.from * COLUMN_PX;
  const y = TITLE_PX + bar.lane * LANE_PX;
  const width = Math.max(COLUMN_PX, (bar.to - bar.from) * COLUMN_PX);
  const dashes = bar.isOpen || bar.call.end.kind === 'none' ? ' stroke-dasharray="4 3"' : '';
  const [fill, stroke] = isMarked ? ['#ffd7d5', '#cf222e'] : ['#ddf4ff', '#0969da'];
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${BAR_PX}" rx="3" fill="${fill}" stroke="${stroke}"${dashes}/>` +
    text(x + COLUMN_PX, y + BAR_PX - 7, bar.label, '')
  );
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}"${attributes === '' ? '' : ` ${attributes}`}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
