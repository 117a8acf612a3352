/**
 * The definition of linearizability taken literally: try every subset of the calls of unknown end and every order.
 * Hopelessly slow, and too simple to be wrong: the judge of the real checker on histories of a few calls.
 */
import type { Call } from '#src/history/call.ts';
import { SequentialObject } from './generate.ts';

export function isLinearizableNaively(calls: readonly Call[]): boolean {
  const possible = calls.filter(({ end }) => end.kind !== 'none');
  return canFinish([], possible);
}

function canFinish(order: readonly Call[], left: readonly Call[]): boolean {
  if (!isAnsweredRightly(order)) return false;
  if (left.every(({ end }) => end.kind === 'unknown')) return true;
  return left.some((call) => {
    const others = left.filter((other) => other !== call);
    const isLate = others.some(({ end }) => end.kind === 'done' && end.atUs < call.beganUs);
    return !isLate && canFinish([...order, call], others);
  });
}

function isAnsweredRightly(order: readonly Call[]): boolean {
  const object = new SequentialObject();
  return order.every(({ action, end }) => {
    const answer = JSON.stringify(object.ask(action));
    const isLooked = end.kind === 'done' && end.answer !== undefined && action.kind !== 'append';
    return !isLooked || JSON.stringify(end.answer) === answer;
  });
}
