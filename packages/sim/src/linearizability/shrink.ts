/**
 * Makes a violation small: of thousands of calls on a key, the few that cannot be explained together.
 *
 * Only steps are taken that a correct history would survive, so what is left proves as much as the whole:
 * calls after the point where every order fails are dropped, what was before a quiet moment is summed up, reads are
 * dropped, and values disappear together with everybody who saw them. Greedy, in halves, quarters and so on; bounded
 * by a number of searches, for a picture that is nearly minimal explains as well as a minimal one.
 */
import { type Call, type Content, isRead } from '../history/call.ts';
import type { Violation } from './check.ts';
import type { Trace } from './model.ts';
import { leaveOutUnseen } from './models.ts';
import { type Problem, type SearchLimits, type Stuck, search, searchPlainly } from './search.ts';

export type SmallViolation = {
  readonly problem: Problem;
  readonly stuck: Stuck;
  /** Calls as they were in the whole history, ascending by beginning, refused ones that matter included. */
  readonly shown: readonly Call[];
  /** What the object held before the calls shown. */
  readonly initial: Content;
};

const MAX_SEARCHES = 4000;
/** Of each search on the way; one that takes longer counts as "not a violation". */
const LIMITS: SearchLimits = { maxConfigurations: 100_000 };

export function shrink(violation: Violation): SmallViolation {
  const shrinker = new Shrinker(violation);
  shrinker.run();
  const { problem, stuck } = shrinker;
  return { problem, stuck, shown: shownCalls(violation, problem), initial: problem.initial };
}

class Shrinker {
  problem: Problem;
  stuck: Stuck;
  #searches = 0;

  constructor({ problem, stuck }: Violation) {
    this.problem = problem;
    this.stuck = stuck;
  }

  run(): void {
    this.#cutEnd();
    this.#cutBeginning();
    for (let size = Number.POSITIVE_INFINITY; this.problem.calls.length < size && this.#mayGoOn(); ) {
      size = this.problem.calls.length;
      this.#dropTraces();
      this.#dropReads();
      this.#cutEnd();
    }
    const plain = searchPlainly(this.problem, LIMITS);
    if (plain.kind === 'violation') this.stuck = plain.stuck;
  }

  #mayGoOn(): boolean {
    return this.#searches < MAX_SEARCHES;
  }

  /** Takes the candidate if it is still a violation. */
  #take(calls: readonly Call[], initial: Content = this.problem.initial): boolean {
    if (!this.#mayGoOn()) return false;
    this.#searches += 1;
    const candidate = { ...this.problem, calls: leaveOutUnseen(this.problem.model, calls), initial };
    const result = search(candidate, LIMITS);
    if (result.kind !== 'violation') return false;
    this.problem = candidate;
    this.stuck = result.stuck;
    return true;
  }

  /** Nothing that happened after the first end that no order gets past matters; that end is found by bisection. */
  #cutEnd(): void {
    const ends = this.problem.calls
      .flatMap(({ end }) => (end.kind === 'done' ? [end.atUs] : []))
      .sort((a, b) => a - b);
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#take(callsUntil(this.problem.calls, ends[middle] as number))) high = middle;
      else low = middle + 1;
    }
  }

  /** Sums up everything before a quiet moment, the latest that leaves a violation. */
  #cutBeginning(): void {
    const { model, initial, calls } = this.problem;
    for (const momentUs of quietMoments(calls).toReversed()) {
      const before = calls.filter(({ end }) => end.kind === 'done' && end.atUs < momentUs);
      const content = model.settled(initial, before);
      if (content === undefined || !this.#mayGoOn()) return;
      const gone = new Set(before);
      if (
        this.#take(
          calls.filter((call) => !gone.has(call)),
          content,
        )
      )
        return;
    }
  }

  #dropTraces(): void {
    const { model } = this.problem;
    const traces = new Set<Trace>();
    for (const call of this.problem.calls) {
      const written = model.written(call.action);
      if (written !== undefined) traces.add(written);
      for (const trace of model.seen(call)) traces.add(trace);
    }
    this.#dropParts([...traces], (part) => model.without(this.problem.calls, new Set(part)));
  }

  /** Whatever order explains a history explains it without any of its reads. Of writes that is not true. */
  #dropReads(): void {
    const ids = this.problem.calls.filter(({ action }) => isRead(action)).map(({ id }) => id);
    this.#dropParts(ids, (part) => {
      const gone = new Set(part);
      return this.problem.calls.filter(({ id }) => !gone.has(id));
    });
  }

  /** Tries to do without halves of the items, then quarters, down to single ones. */
  #dropParts<Item>(items: readonly Item[], without: (part: readonly Item[]) => readonly Call[]): void {
    let left = items;
    for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < left.length && this.#mayGoOn(); ) {
        const part = left.slice(at, at + size);
        if (this.#take(without(part))) left = [...left.slice(0, at), ...left.slice(at + size)];
        else at += size;
      }
    }
  }
}

/** What was known at this time: a call that ended later may or may not have happened. */
function callsUntil(calls: readonly Call[], untilUs: number): Call[] {
  return calls.flatMap((call): Call[] => {
    if (call.beganUs > untilUs) return [];
    const isOpen = call.end.kind === 'done' && call.end.atUs > untilUs;
    return isOpen ? [{ ...call, end: { kind: 'unknown', atUs: call.end.atUs } }] : [call];
  });
}

/** Times at which no call that is done was under way, ascending: each beginning that all earlier ends lie before. */
function quietMoments(calls: readonly Call[]): number[] {
  const ascending = calls
    .filter(({ end }) => end.kind === 'done')
    .toSorted((left, right) => left.beganUs - right.beganUs);
  const moments: number[] = [];
  let latestEndUs = Number.NEGATIVE_INFINITY;
  for (const { beganUs, end } of ascending) {
    const isFirst = latestEndUs === Number.NEGATIVE_INFINITY;
    if (!isFirst && beganUs > latestEndUs) moments.push(beganUs);
    latestEndUs = Math.max(latestEndUs, end.atUs);
  }
  return moments;
}

/** The calls of the small problem with their real ends, and refused calls whose trace somebody saw nevertheless. */
function shownCalls({ problem, refused }: Violation, small: Problem): Call[] {
  const ids = new Set(small.calls.map(({ id }) => id));
  const seen = new Set(small.calls.flatMap((call) => small.model.seen(call)));
  const suspects = refused.filter(({ action }) => {
    const written = small.model.written(action);
    return written !== undefined && seen.has(written);
  });
  return [...problem.calls.filter(({ id }) => ids.has(id)), ...suspects].toSorted(
    (left, right) => left.beganUs - right.beganUs || left.id - right.id,
  );
}
