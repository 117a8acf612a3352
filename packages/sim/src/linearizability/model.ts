/**
 * What an object would do if it stood on one machine and was asked one call at a time: the measure of a history.
 *
 * A model also knows how a history of its object can be made smaller without making it any less correct: if the
 * smaller history is a violation, so was the larger one. That is what lets `shrink.ts` show five calls out of two
 * thousand. Leaves to others: the search for an order (`search.ts`).
 */
import type { Action, Call, Content } from '../history/call.ts';

/**
 * A thing that some call wrote and others may have seen: a value of a register (or its absence), an element of a
 * list. Counters have none: every increment is like the next.
 */
export type Trace = string;

/**
 * The content after `action`, or undefined if it cannot give `answer` here. An answer of undefined is not looked at.
 * Never changes `content`.
 */
export type Step = (content: Content, action: Action, answer: Content | undefined) => Content | undefined;

export type Model = {
  readonly name: 'register' | 'counter' | 'list';
  readonly initial: Content;
  /** A write leaves nothing of what was there: one that nobody sees before the next write might as well not be. */
  readonly overwrites: boolean;
  readonly step: Step;
  /**
   * A step for exactly these calls that may also refuse what a later answer among them is bound to contradict, and
   * may take contents for equal between which none of them can tell. It explains the same histories, sooner.
   */
  foresee(calls: readonly Call[]): Step;
  /** What the call leaves behind; undefined for reads and for what leaves no trace. */
  written(action: Action): Trace | undefined;
  /** What the answer of a call that is done shows. */
  seen(call: Call): readonly Trace[];
  /**
   * The history as if nobody had written, nor seen, any of these. Whatever order explained the whole history also
   * explains this one.
   */
  without(calls: readonly Call[], traces: ReadonlySet<Trace>): readonly Call[];
  /**
   * Contents after all calls that are done, whatever their order; undefined where the order matters. Allows to
   * forget everything before a moment at which nothing was under way.
   */
  settled(initial: Content, calls: readonly Call[]): Content | undefined;
};

/** The same call with its answer not looked at. */
export function forgetAnswer(call: Call): Call {
  return call.end.kind === 'done' ? { ...call, end: { kind: 'done', atUs: call.end.atUs } } : call;
}

/** The answer of a call that is done; undefined if it is not, or has none. */
export function answerOf({ end }: Call): Content | undefined {
  return end.kind === 'done' ? end.answer : undefined;
}
