/**
 * A violation as text: the smallest set of calls that cannot be explained together, one lane per client, and in
 * words where every order fails.
 */
import { type Call, describeAction, describeContent, type FaultRecord } from '../history/call.ts';
import { type Bar, layOut } from './layout.ts';
import type { SmallViolation } from './shrink.ts';

const MAX_FAULTS_SHOWN = 12;

export function timeline(violation: SmallViolation, faults: readonly FaultRecord[] = []): string {
  const { problem, shown } = violation;
  const lines = [
    `key ${problem.key}, a ${problem.model.name}: no order of these calls explains their answers`,
    '',
    ...drawing(violation),
    '',
    ...explanation(violation),
    ...faultsDuring(shown, faults),
  ];
  return `${lines.join('\n')}\n`;
}

function drawing({ shown, stuck }: SmallViolation): string[] {
  const { bars, lanes, columns } = layOut(shown);
  const margin = Math.max(...lanes.map((lane) => lane.length)) + 2;
  const rows = lanes.map(() => new Array<string>(columns).fill(' '));
  for (const bar of bars) draw(rows[bar.lane] as string[], bar);
  return rows.map((row, lane) => {
    const isMarked = bars.some((bar) => bar.lane === lane && bar.call.id === stuck.call.id);
    return `  ${(lanes[lane] as string).padEnd(margin)}${row.join('').trimEnd()}${isMarked ? '  <-- here' : ''}`;
  });
}

function draw(row: string[], { label, from, to, isOpen, call }: Bar): void {
  const [left, line, right] = call.end.kind === 'none' ? ['x', '.', 'x'] : ['|', '-', isOpen ? '>' : '|'];
  for (let column = from; column <= to; column++) row[column] = line as string;
  row[from] = left as string;
  row[to] = right as string;
  const text = ` ${label} `;
  for (let index = 0; index < text.length; index++) {
    const column = from + 2 + index;
    if (column < to) row[column] = text.charAt(index);
  }
}

/** The reason in words, for the text and for the picture. */
export function explanation({ problem, stuck, initial, shown }: SmallViolation): string[] {
  const { name } = problem.model;
  const contents = [...new Set(stuck.contents.map(describeContent))];
  const lines = [
    `Before these calls the ${name} held ${describeContent(initial)}.`,
    `Every order fails at: ${describeCall(stuck.call)}.`,
    `When it had to take effect the ${name} could only hold ${contents.join(' or ')}.`,
  ];
  const refused = shown.filter(({ end }) => end.kind === 'none');
  if (refused.length > 0)
    lines.push(`Refused for certain, and seen all the same: ${refused.map(describeCall).join('; ')}.`);
  if (shown.some(({ end }) => end.kind === 'unknown'))
    lines.push('A bar that ends in > has no known end: the call may have taken effect later, or never.');
  return lines;
}

function describeCall({ client, action, beganUs, end }: Call): string {
  const when = end.kind === 'unknown' ? `from ${beganUs} us` : `${beganUs} to ${end.atUs} us`;
  const answer = end.kind === 'done' && end.answer !== undefined ? ` -> ${describeContent(end.answer)}` : '';
  return `${describeAction(action)}${answer} by client ${client} (${when})`;
}

function faultsDuring(shown: readonly Call[], faults: readonly FaultRecord[]): string[] {
  const fromUs = Math.min(...shown.map(({ beganUs }) => beganUs));
  const untilUs = Math.max(...shown.map(({ end }) => end.atUs));
  const during = faults.filter((fault) => fault.fromUs <= untilUs && fault.untilUs >= fromUs);
  if (during.length === 0) return [];
  const left = during.length - MAX_FAULTS_SHOWN;
  return [
    'Faults at that time:',
    ...during
      .slice(0, MAX_FAULTS_SHOWN)
      .map((fault) => `  ${fault.fromUs} to ${fault.untilUs} us  ${fault.what}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}
