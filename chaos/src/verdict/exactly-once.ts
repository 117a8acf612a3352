/**
 * The arithmetic of exactly-once, apart from the checker and simple enough to be believed: at the end a counter holds
 * at least every increment that was acknowledged and at most those whose end nobody knows besides, and no two
 * acknowledged increments were given the same total. Keys that were written once must hold what was acknowledged.
 */
import type { Call } from '@quorate/sim';

export type OnceReport = {
  readonly acknowledgedIncrements: number;
  readonly unknownIncrements: number;
  readonly acknowledgedWritesChecked: number;
  readonly findings: readonly string[];
};

type Tally = { done: number; unknown: number; readonly answers: Set<number>; final: number | undefined };

/** `history` ends with one final read per key. */
export function countOnce(history: readonly Call[], finalClient: number): OnceReport {
  const counters = new Map<string, Tally>();
  const written = new Map<string, string>();
  const findings: string[] = [];
  let checked = 0;
  for (const { key, action, end, client } of history) {
    if (action.kind === 'inc') count(tallyOf(counters, key), end, key, findings);
    if (action.kind === 'set' && end.kind === 'done' && key.startsWith('once-'))
      written.set(key, action.value);
    if (client !== finalClient || end.kind !== 'done') continue;
    if (action.kind === 'total') tallyOf(counters, key).final = Number(end.answer);
    const expected = written.get(key);
    if (action.kind !== 'get' || expected === undefined) continue;
    checked += 1;
    if (end.answer !== expected)
      findings.push(`acknowledged write lost: ${key} holds ${String(end.answer)}, not ${expected}`);
  }
  for (const [key, tally] of counters) findings.push(...judge(key, tally));
  const tallies = [...counters.values()];
  return {
    acknowledgedIncrements: tallies.reduce((sum, { done }) => sum + done, 0),
    unknownIncrements: tallies.reduce((sum, { unknown }) => sum + unknown, 0),
    acknowledgedWritesChecked: checked,
    findings,
  };
}

function count(tally: Tally, end: Call['end'], key: string, findings: string[]): void {
  if (end.kind === 'unknown') tally.unknown += 1;
  if (end.kind !== 'done') return;
  tally.done += 1;
  const total = Number(end.answer);
  if (tally.answers.has(total)) findings.push(`two increments of ${key} were both answered ${total}`);
  tally.answers.add(total);
}

function judge(key: string, { done, unknown, final }: Tally): string[] {
  if (final === undefined) return [`${key} was not read at the end`];
  if (final >= done && final <= done + unknown) return [];
  return [`${key} holds ${final} after ${done} acknowledged increments and ${unknown} of unknown end`];
}

function tallyOf(counters: Map<string, Tally>, key: string): Tally {
  const known = counters.get(key);
  if (known !== undefined) return known;
  const tally: Tally = { done: 0, unknown: 0, answers: new Set(), final: undefined };
  counters.set(key, tally);
  return tally;
}
