/**
 * The three objects that histories are about: register, counter and list. Which one a key is, its first action says.
 */
import type { Action, Call, Content } from '../history/call.ts';
import { answerOf, forgetAnswer, type Model, type Step, type Trace } from './model.ts';

/** The trace of "nothing is there", left by `del`. Values have a mark before them and cannot be taken for it. */
const NOTHING: Trace = 'nothing';
const valueTrace = (value: Content): Trace => (value === null ? NOTHING : `=${String(value)}`);

/** A value, or nothing. `set` answers what it stored, `get` what is there, `swap` and `del` what was there before. */
export const REGISTER: Model = {
  name: 'register',
  initial: null,
  overwrites: true,
  foresee: () => REGISTER.step,
  step(content, action, answer) {
    const fits = answer === undefined || answer === content;
    switch (action.kind) {
      case 'set':
        return answer === undefined || answer === action.value ? action.value : undefined;
      case 'swap':
        return fits ? action.value : undefined;
      case 'get':
        return fits ? content : undefined;
      case 'del':
        return fits ? null : undefined;
      default:
        return undefined;
    }
  },
  written(action) {
    if (action.kind === 'set' || action.kind === 'swap') return valueTrace(action.value);
    return action.kind === 'del' ? NOTHING : undefined;
  },
  seen(call) {
    const answer = answerOf(call);
    return answer === undefined || call.action.kind === 'set' ? [] : [valueTrace(answer)];
  },
  // Without the writers of a value the register keeps what was there before until the next write, and whoever could
  // notice the difference saw the value: reads go, `del` and `swap` stay for what they write.
  without(calls, traces) {
    return calls.flatMap((call) => {
      const written = REGISTER.written(call.action);
      if (written !== undefined && traces.has(written)) return [];
      if (!REGISTER.seen(call).some((trace) => traces.has(trace))) return [call];
      return call.action.kind === 'get' ? [] : [forgetAnswer(call)];
    });
  },
  settled: () => undefined,
};

/** A number, at first 0. `inc` answers the new total. */
export const COUNTER: Model = {
  name: 'counter',
  initial: 0,
  overwrites: false,
  foresee: () => COUNTER.step,
  step(content, action, answer) {
    if (typeof content !== 'number') return undefined;
    const after = action.kind === 'inc' ? content + action.by : content;
    if (action.kind !== 'inc' && action.kind !== 'total') return undefined;
    return answer === undefined || answer === after ? after : undefined;
  },
  written: () => undefined,
  seen: () => [],
  without: (calls) => calls,
  settled(initial, calls) {
    let total = typeof initial === 'number' ? initial : 0;
    for (const { action, end } of calls) if (action.kind === 'inc' && end.kind === 'done') total += action.by;
    return total;
  },
};

/** Elements in the order in which they were appended. What `append` answers is not looked at. */
export const LIST: Model = {
  name: 'list',
  initial: [],
  overwrites: false,
  foresee: foreseeList,
  step(content, action, answer) {
    if (!isList(content)) return undefined;
    if (action.kind === 'append') return [...content, action.element];
    if (action.kind !== 'list') return undefined;
    return answer === undefined || (isList(answer) && isSameList(content, answer)) ? content : undefined;
  },
  written: (action) => (action.kind === 'append' ? action.element : undefined),
  seen(call) {
    const answer = answerOf(call);
    return call.action.kind === 'list' && isList(answer) ? answer : [];
  },
  without(calls, traces) {
    return calls.flatMap((call) => {
      if (call.action.kind === 'append') return traces.has(call.action.element) ? [] : [call];
      const { end } = call;
      if (end.kind !== 'done' || !isList(end.answer)) return [call];
      const answer = end.answer.filter((element) => !traces.has(element));
      return answer.length === end.answer.length ? [call] : [{ ...call, end: { ...end, answer } }];
    });
  },
  settled: () => undefined,
};

/** Stands for every element that no answer shows: which of them came first, nobody will ever know. */
const UNSEEN = '\u0000';

/**
 * Elements never leave a list, so every answer is the beginning of the longest one: it says in which order the
 * elements in it were appended, and that all others came later.
 */
function foreseeList(calls: readonly Call[]): Step {
  const elements = calls.flatMap(({ action }) => (action.kind === 'append' ? [action.element] : []));
  if (new Set(elements).size < elements.length || elements.includes(UNSEEN)) return LIST.step;
  let longest: readonly string[] = [];
  for (const call of calls) {
    const seen = LIST.seen(call);
    if (seen.length > longest.length) longest = seen;
  }
  const placeOf = new Map(longest.map((element, place) => [element, place]));
  return (content, action, answer) => {
    if (action.kind !== 'append' || !isList(content)) return LIST.step(content, action, answer);
    const place = placeOf.get(action.element);
    if (place === undefined) return content.length < longest.length ? undefined : [...content, UNSEEN];
    return content.length === place ? [...content, action.element] : undefined;
  };
}

export function modelOf({ kind }: Action): Model {
  switch (kind) {
    case 'set':
    case 'swap':
    case 'get':
    case 'del':
      return REGISTER;
    case 'inc':
    case 'total':
      return COUNTER;
    case 'append':
    case 'list':
      return LIST;
    default:
      return kind satisfies never;
  }
}

function isList(content: Content | undefined): content is readonly string[] {
  return Array.isArray(content);
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((element, index) => element === right[index]);
}

/** Calls that can be left out because it would make no difference: they may be skipped, and nobody saw them. */
export function leaveOutUnseen(model: Model, calls: readonly Call[]): readonly Call[] {
  const seen = new Set(calls.flatMap((call) => model.seen(call)));
  return calls.filter((call) => {
    if (call.end.kind !== 'unknown') return true;
    const written = model.written(call.action);
    if (written !== undefined) return seen.has(written);
    return call.action.kind === 'inc'; // What is left are reads, which change nothing.
  });
}
