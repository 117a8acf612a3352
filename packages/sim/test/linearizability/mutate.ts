/**
 * Ways to break a correct history so that it is certainly wrong: what a broken system would have made its clients
 * see. Each gives undefined when the history offers no place for it.
 */
import type { Random } from '@quorate/core/protocol';
import type { Call, Content } from '#src/history/call.ts';

type Mutation = {
  readonly kind: 'register' | 'counter' | 'list';
  /** A call of unknown end would explain what was broken. */
  readonly needsKnownEnds?: boolean;
  readonly mutate: (calls: readonly Call[], random: Random) => Call[] | undefined;
};

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a read of a value that was overwritten before it began': {
    kind: 'register',
    mutate: (calls, random) =>
      change(calls, random, isGet, (read) => {
        const old = random
          .shuffle(setsOf(calls))
          .find((set) => setsOf(calls).some((later) => precedes(set, later) && precedes(later, read)));
        return old === undefined ? undefined : answered(read, old.value);
      }),
  },
  'a read of a value that is written after it ended': {
    kind: 'register',
    mutate: (calls, random) =>
      change(calls, random, isGet, (read) => {
        const future = setsOf(calls).find((set) => precedes(read, set));
        return future === undefined ? undefined : answered(read, future.value);
      }),
  },
  'a read of a value whose write was refused': {
    kind: 'register',
    mutate: (calls, random) =>
      change(calls, random, isGet, (read) => {
        const refused = calls.find(({ action, end }) => action.kind === 'set' && end.kind === 'none');
        return refused?.action.kind === 'set' ? answered(read, refused.action.value) : undefined;
      }),
  },
  'a read that misses a completed write, of a key that is never deleted': {
    kind: 'register',
    mutate(calls, random) {
      const kept = calls
        .filter(({ action }) => action.kind === 'set' || action.kind === 'get')
        .map(withoutAnswerOfReads);
      return change(kept, random, isGet, (read) =>
        setsOf(kept).some((set) => precedes(set, read)) ? answered(read, null) : undefined,
      );
    },
  },
  'an increment that answers as if another had not happened': {
    kind: 'counter',
    mutate: (calls, random) =>
      change(calls, random, isCount, (later) => {
        const earlier = calls.find((call) => isCount(call) && precedes(call, later));
        return earlier?.end.kind === 'done' ? answered(later, earlier.end.answer ?? null) : undefined;
      }),
  },
  'an increment that happened twice': {
    kind: 'counter',
    needsKnownEnds: true,
    mutate(calls, random) {
      const place = random.below(calls.length);
      const twice = calls[place];
      const readers = calls.filter(
        (call) => call.end.kind === 'done' && twice !== undefined && precedes(twice, call),
      );
      if (twice?.action.kind !== 'inc' || twice.end.kind !== 'done' || readers.length === 0) return undefined;
      const { by } = twice.action;
      const late = new Set(readers);
      return calls.map((call) => {
        if (!late.has(call) || call.end.kind !== 'done' || typeof call.end.answer !== 'number') return call;
        return answered(call, call.end.answer + by);
      });
    },
  },
  'a list without an element that was appended before': {
    kind: 'list',
    mutate: (calls, random) =>
      change(calls, random, isList, (read) => {
        const elements = listOf(read);
        const known = calls.find(
          ({ action, end }) =>
            action.kind === 'append' && end.kind === 'done' && elements.includes(action.element),
        );
        if (known?.action.kind !== 'append' || !precedes(known, read)) return undefined;
        const { element } = known.action;
        return answered(
          read,
          elements.filter((other) => other !== element),
        );
      }),
  },
  'a list with two neighbours exchanged that were appended one after the other': {
    kind: 'list',
    mutate: (calls, random) =>
      change(calls, random, isList, (read) => {
        const elements = [...listOf(read)];
        const writerOf = (element: string): Call | undefined =>
          calls.find(({ action }) => action.kind === 'append' && action.element === element);
        for (let at = 1; at < elements.length; at++) {
          const [left, right] = [elements[at - 1] as string, elements[at] as string];
          const [first, second] = [writerOf(left), writerOf(right)];
          if (first === undefined || second === undefined || !precedes(first, second)) continue;
          return answered(read, [...elements.slice(0, at - 1), right, left, ...elements.slice(at + 1)]);
        }
        return undefined;
      }),
  },
  'an element twice in a list': {
    kind: 'list',
    mutate: (calls, random) =>
      change(calls, random, isList, (read) => {
        const elements = listOf(read);
        return elements.length === 0 ? undefined : answered(read, [...elements, random.pick(elements)]);
      }),
  },
};

/** Changes one call, drawn among those that fit. */
function change(
  calls: readonly Call[],
  random: Random,
  fits: (call: Call) => boolean,
  how: (call: Call) => Call | undefined,
): Call[] | undefined {
  const candidates = calls.filter((call) => fits(call) && call.end.kind === 'done');
  if (candidates.length === 0) return undefined;
  const chosen = random.pick(candidates);
  const changed = how(chosen);
  return changed === undefined ? undefined : calls.map((call) => (call === chosen ? changed : call));
}

const isGet = ({ action }: Call): boolean => action.kind === 'get';
const isCount = ({ action, end }: Call): boolean => action.kind === 'inc' && end.kind === 'done';
const isList = ({ action }: Call): boolean => action.kind === 'list';

function precedes(first: Call, second: Call): boolean {
  return first.end.kind === 'done' && first.end.atUs < second.beganUs;
}

function setsOf(calls: readonly Call[]): (Call & { readonly value: string })[] {
  return calls.flatMap((call) =>
    call.action.kind === 'set' && call.end.kind === 'done' ? [{ ...call, value: call.action.value }] : [],
  );
}

function listOf({ end }: Call): readonly string[] {
  return end.kind === 'done' && Array.isArray(end.answer) ? (end.answer as readonly string[]) : [];
}

function answered(call: Call, answer: Content): Call {
  return { ...call, end: { kind: 'done', atUs: call.end.atUs, answer } };
}

function withoutAnswerOfReads(call: Call): Call {
  return isGet(call) && call.end.kind === 'done'
    ? { ...call, end: { kind: 'done', atUs: call.end.atUs } }
    : call;
}
