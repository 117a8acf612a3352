/**
 * Where the calls of a small history go in a picture: one lane per client, time from left to right.
 *
 * The horizontal axis shows the order of beginnings and ends, not their distance: a pause of a second and one of a
 * microsecond take the same room, and every bar is as long as its label. Measured in characters; `timeline.ts` prints
 * them, `picture.ts` multiplies.
 */
import { type Call, describeAction, describeContent } from '../history/call.ts';

export type Bar = {
  readonly call: Call;
  readonly label: string;
  readonly lane: number;
  /** First and last column, inclusive. */
  readonly from: number;
  readonly to: number;
  /** The call has no end: the bar runs to the right edge. */
  readonly isOpen: boolean;
};

export type Layout = {
  readonly bars: readonly Bar[];
  /** Label of each lane, top to bottom. */
  readonly lanes: readonly string[];
  readonly columns: number;
};

/** Signs around a label: `|- set v1 -|`. */
const FRAME_COLUMNS = 6;

/** `calls` ascending by beginning. */
export function layOut(calls: readonly Call[]): Layout {
  const times = [...new Set(calls.flatMap(({ beganUs, end }) => [beganUs, ...endTimes(end)]))].sort(
    (a, b) => a - b,
  );
  const rankOf = new Map(times.map((time, rank) => [time, rank]));
  const spans = calls.map((call) => {
    const from = rankOf.get(call.beganUs) ?? 0;
    const isOpen = call.end.kind === 'unknown';
    const to = isOpen ? times.length : Math.max(from + 1, rankOf.get(call.end.atUs) ?? 0);
    return { call, label: labelOf(call), from, to, isOpen };
  });
  const columnOf = columnsOf(times.length + 1, spans);
  const lanes: { readonly client: number; busyUntil: number }[] = [];
  const bars = spans.map((span) => {
    const lane = laneFor(lanes, span.call.client, span.from, span.to);
    return { ...span, lane, from: columnOf[span.from] as number, to: columnOf[span.to] as number };
  });
  const order = lanes
    .map((_, lane) => lane)
    .sort((left, right) => clientOf(lanes, left) - clientOf(lanes, right) || left - right);
  return {
    bars: bars.map((bar) => ({ ...bar, lane: order.indexOf(bar.lane) })),
    lanes: order.map((lane) => `client ${clientOf(lanes, lane)}`),
    columns: (columnOf.at(-1) ?? 0) + 1,
  };
}

function endTimes(end: Call['end']): number[] {
  return end.kind === 'unknown' ? [] : [end.atUs];
}

type Span = { readonly label: string; readonly from: number; readonly to: number };

/** Columns of the moments, ascending, so far apart that each label fits between its two. */
function columnsOf(moments: number, spans: readonly Span[]): number[] {
  const widths = new Array<number>(moments).fill(2);
  widths[0] = 0;
  for (const { label, from, to } of spans.toSorted((left, right) => left.to - right.to)) {
    let room = 0;
    for (let moment = from + 1; moment <= to; moment++) room += widths[moment] as number;
    const missing = label.length + FRAME_COLUMNS - room;
    if (missing > 0) widths[to] = (widths[to] as number) + missing;
  }
  let column = 0;
  return widths.map((width) => (column += width));
}

/** A client's lane; a second one where a call that was given up is still open. */
function laneFor(
  lanes: { readonly client: number; busyUntil: number }[],
  client: number,
  from: number,
  to: number,
): number {
  const free = lanes.findIndex((lane) => lane.client === client && lane.busyUntil < from);
  if (free >= 0) {
    (lanes[free] as { busyUntil: number }).busyUntil = to;
    return free;
  }
  return lanes.push({ client, busyUntil: to }) - 1;
}

function clientOf(lanes: readonly { readonly client: number }[], lane: number): number {
  return lanes[lane]?.client ?? 0;
}

function labelOf({ action, end }: Call): string {
  const what = describeAction(action);
  switch (end.kind) {
    case 'done':
      return end.answer === undefined || action.kind === 'set'
        ? what
        : `${what} -> ${describeContent(end.answer)}`;
    case 'unknown':
      return `${what} ?`;
    case 'none':
      return `${what} refused`;
    default:
      return end satisfies never;
  }
}
