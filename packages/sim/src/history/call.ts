/**
 * A history: what clients called on shared objects, when, and how each call ended, as one observer with one clock saw
 * it. Faults that were done meanwhile may stand beside the calls; they explain, and decide nothing.
 *
 * Times are microseconds on one clock that all clients share; where it starts does not matter. A call that ended
 * before another began came first; calls that overlap, or touch in the same microsecond, may have happened in any order.
 * Leaves to others: the file format (`history-file.ts`), what is a correct history (`linearizability/`).
 */

/** What an object holds, and what calls answer: `null` is "nothing". */
export type Content = string | number | null | readonly string[];

/** One kind of object per key: a register (set, swap, get, del), a counter (inc, total) or a list (append, list). */
export type Action =
  | { readonly kind: 'set'; readonly value: string }
  /** Like `set`, but answers what was there before. */
  | { readonly kind: 'swap'; readonly value: string }
  | { readonly kind: 'get' }
  /** Answers what was there before. */
  | { readonly kind: 'del' }
  /** Answers the new total. */
  | { readonly kind: 'inc'; readonly by: number }
  | { readonly kind: 'total' }
  | { readonly kind: 'append'; readonly element: string }
  /** Answers all elements in order. */
  | { readonly kind: 'list' };

export type ActionKind = Action['kind'];

export type End =
  /** Took effect between its two times. Without an answer nothing is known of what it saw. */
  | { readonly kind: 'done'; readonly atUs: number; readonly answer?: Content }
  /** Given up: may take effect at any time after its beginning, or never. */
  | { readonly kind: 'unknown'; readonly atUs: number }
  /** Refused for certain: did not and will not take effect. */
  | { readonly kind: 'none'; readonly atUs: number };

export type Call = {
  /** Unique within a history. */
  readonly id: number;
  readonly client: number;
  readonly key: string;
  readonly action: Action;
  readonly beganUs: number;
  readonly end: End;
};

export type FaultRecord = { readonly what: string; readonly fromUs: number; readonly untilUs: number };

export type History = { readonly calls: readonly Call[]; readonly faults: readonly FaultRecord[] };

export function isRead(action: Action): boolean {
  return action.kind === 'get' || action.kind === 'total' || action.kind === 'list';
}

/** For people: `set "v1"`, `get`, `inc 1`. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'set':
    case 'swap':
      return `${action.kind} ${describeContent(action.value)}`;
    case 'append':
      return `append ${describeContent(action.element)}`;
    case 'inc':
      return action.by === 1 ? 'inc' : `inc ${action.by}`;
    case 'get':
    case 'del':
    case 'total':
    case 'list':
      return action.kind;
    default:
      return action satisfies never;
  }
}

const MAX_SHOWN_CHARACTERS = 24;
const MAX_SHOWN_ELEMENTS = 6;

/** For people, short: words bare, everything else quoted; of a long list its end. */
export function describeContent(content: Content): string {
  if (content === null) return 'nothing';
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') {
    const short =
      content.length > MAX_SHOWN_CHARACTERS ? `${content.slice(0, MAX_SHOWN_CHARACTERS)}...` : content;
    return /^[\w.:/-]+$/.test(short) ? short : JSON.stringify(short);
  }
  const tail = content.slice(-MAX_SHOWN_ELEMENTS).map(describeContent);
  const left = content.length - tail.length;
  return `[${left > 0 ? `${left} more, ` : ''}${tail.join(' ')}]`;
}
