/**
 * The verdict on a whole history: each key by itself, which is enough (a history is linearizable if and only if it is
 * for every object), and therefore quick.
 *
 * A call that was refused for certain is left out: had it happened, somebody who saw it would now be unexplained. A
 * call of unknown end may have happened at any time after its beginning, or never.
 * Ref: Herlihy and Wing, Linearizability, 1990, on locality.
 */
import { QuorateError } from '@quorate/wire';
import type { Call, History } from '../history/call.ts';
import { leaveOutUnseen, modelOf } from './models.ts';
import { DEFAULT_SEARCH_LIMITS, type Problem, type SearchLimits, type Stuck, search } from './search.ts';

export type Violation = {
  readonly problem: Problem;
  readonly stuck: Stuck;
  /** Calls on this key that were refused for certain: not part of the problem, but somebody may have seen them. */
  readonly refused: readonly Call[];
};

export type CheckReport = {
  readonly verdict: 'yes' | 'no' | 'undecided';
  /** Calls in the history, refused ones included. */
  readonly calls: number;
  readonly keys: number;
  readonly configurations: number;
  readonly violations: readonly Violation[];
  /** Keys whose search reached its bound. */
  readonly undecided: readonly string[];
};

/** A larger share of undecided keys makes the whole verdict 'undecided', which nobody may take for a yes. */
export const MAX_UNDECIDED_SHARE = 0.001;

/** @throws ARGUMENT when a key is used as two kinds of object */
export function checkHistory(history: History, limits: SearchLimits = DEFAULT_SEARCH_LIMITS): CheckReport {
  const violations: Violation[] = [];
  const undecided: string[] = [];
  let configurations = 0;
  const byKey = partition(history.calls);
  for (const [key, calls] of byKey) {
    const problem = problemOf(key, calls);
    const result = search(problem, limits);
    configurations += result.configurations;
    if (result.kind === 'undecided') undecided.push(key);
    if (result.kind === 'violation') {
      const refused = calls.filter(({ end }) => end.kind === 'none');
      violations.push({ problem, stuck: result.stuck, refused });
    }
  }
  const isUndecided = undecided.length > byKey.size * MAX_UNDECIDED_SHARE;
  const verdict = violations.length > 0 ? 'no' : isUndecided ? 'undecided' : 'yes';
  return { verdict, calls: history.calls.length, keys: byKey.size, configurations, violations, undecided };
}

/** Keys in the order of their first call. */
function partition(calls: readonly Call[]): ReadonlyMap<string, readonly Call[]> {
  const byKey = new Map<string, Call[]>();
  for (const call of calls) {
    const known = byKey.get(call.key);
    if (known === undefined) byKey.set(call.key, [call]);
    else known.push(call);
  }
  return byKey;
}

/** What has to be explained of the calls on one key. @throws ARGUMENT */
export function problemOf(key: string, calls: readonly Call[]): Problem {
  const first = calls[0];
  if (first === undefined) throw new QuorateError('ARGUMENT', `there is no call on key ${key}`);
  const model = modelOf(first.action);
  for (const { action } of calls) {
    if (modelOf(action) !== model)
      throw new QuorateError(
        'ARGUMENT',
        `key ${key} is a ${model.name}, and ${action.kind} does not belong to one`,
      );
  }
  const possible = calls.filter(({ end }) => end.kind !== 'none');
  return { key, model, initial: model.initial, calls: leaveOutUnseen(model, possible) };
}
