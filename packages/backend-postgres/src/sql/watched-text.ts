/**
 * Texts that read the clock. PostgreSQL takes `now`, `today`, `tomorrow` and `yesterday` as times wherever a text becomes
 * a date or a time, also in a parameter, an array or a range. A literal is looked at here, a parameter's value by
 * `prepare`, each time it comes.
 */
import { cutText } from '@quorate/core/ports';
import type { Place, WatchedParam } from './findings.ts';
import { refuse } from './refusal.ts';
import type { MaybeType } from './scope.ts';
import { isTimeLike } from './sql-types.ts';
import { type SqlNode, textOf } from './tree.ts';

const ANYWHERE = /(^|[^a-z])(now|today|tomorrow|yesterday)([^a-z]|$)/i;
/** Where the type is not certain: no word, or only short ones such as a zone or `pm`, stands before it. */
const ALONE = /^[^a-z]*(?:[a-z]{1,4}[^a-z]+){0,3}(now|today|tomorrow|yesterday)([^a-z]|$)/i;

const WAY_OUT = "use now() or CURRENT_DATE, or say that it is a text: 'now'::text";

/** True when the node was a text or parameter that takes the type around it, and is now taken care of. */
export function watchText(node: SqlNode, place: Place, expected: MaybeType): boolean {
  const isText = node.kind === 'A_Const' && textOf(node, 'type') === 'string';
  const isParam = node.kind === 'ParamRef' && place.parameters === undefined;
  if (!isText && !isParam) return node.kind === 'A_Const' && textOf(node, 'type') === 'null';
  const isUncertain = expected === undefined || expected === 'unknown';
  if (!isUncertain && !isTimeLike(expected, place.catalog)) return true;
  if (isParam) place.findings.watched.push({ number: Number(node['number'] ?? 0), isTime: !isUncertain });
  else
    assertNoClockWord(
      textOf(node, 'value'),
      !isUncertain,
      `the text '${cutText(textOf(node, 'value'), 40)}'`,
    );
  return true;
}

/** @throws Refusal when a parameter's value would read the clock */
export function assertParams(watched: readonly WatchedParam[], params: readonly (string | null)[]): void {
  for (const { number, isTime } of watched) {
    const value = params[number - 1];
    if (typeof value === 'string')
      assertNoClockWord(value, isTime, `parameter $${number} ('${cutText(value, 40)}')`);
  }
}

function assertNoClockWord(text: string, isTime: boolean, what: string): void {
  if ((isTime ? ANYWHERE : ALONE).test(text)) refuse(`${what} would read the clock of each server`, WAY_OUT);
}
