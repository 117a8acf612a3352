/**
 * The search for an order: is there a sequence of the calls on one key that respects real time and that the model
 * could have answered so?
 *
 * Depth first. Any call that began before the earliest end of a call that is still to be placed may come next. Calls
 * that are done are tried first; one of unknown end, which may come anywhere after its beginning or never, only when
 * they lead nowhere. When nothing can come next the latest choice is undone. A configuration (which calls are placed,
 * what the object holds) that was visited before is not visited again.
 *
 * Two rules keep calls of unknown end from multiplying everything. Of several that do the same the one that began
 * first comes first, for whatever a later one can do, it can do. And where writes overwrite, one is placed only
 * directly before a call that sees it.
 *
 * Bounded by the number of configurations, not by time: the same history gets the same verdict everywhere.
 * Ref: Wing and Gong, Testing and Verifying Concurrent Objects, 1993; Lowe, Testing for Linearizability, 2017.
 */
import type { Call, Content } from '../history/call.ts';
import { ConfigurationSet } from './configuration-set.ts';
import { ContentSpace, IMPOSSIBLE } from './content-space.ts';
import { EventList } from './event-list.ts';
import type { Model, Step, Trace } from './model.ts';
import { PlacedSet } from './placed-set.ts';

/** One key: its calls that are done or of unknown end, in any order. */
export type Problem = {
  readonly key: string;
  readonly model: Model;
  readonly initial: Content;
  readonly calls: readonly Call[];
};

export type SearchLimits = { readonly maxConfigurations: number };
/** A few seconds and some tens of megabytes. */
export const DEFAULT_SEARCH_LIMITS: SearchLimits = { maxConfigurations: 2_000_000 };

/** The latest end that the search came to and did not get past, and what the object could hold there. */
export type Stuck = {
  readonly call: Call;
  /** Distinct contents in which `call` was still to come; at most MAX_STUCK_CONTENTS. */
  readonly contents: readonly Content[];
};

export type SearchResult =
  | { readonly kind: 'linearizable'; readonly configurations: number }
  | { readonly kind: 'violation'; readonly configurations: number; readonly stuck: Stuck }
  /** The bound was reached first. */
  | { readonly kind: 'undecided'; readonly configurations: number };

const MAX_STUCK_CONTENTS = 6;

export function search(problem: Problem, limits: SearchLimits = DEFAULT_SEARCH_LIMITS): SearchResult {
  return new Search(problem, problem.model.foresee(problem.calls)).run(limits.maxConfigurations);
}

/** The same without foresight: slower, but it stops at the first answer that is wrong, not at its distant cause. */
export function searchPlainly(problem: Problem, limits: SearchLimits): SearchResult {
  return new Search(problem, problem.model.step).run(limits.maxConfigurations);
}

class Search {
  readonly #model: Model;
  /** Calls that are done, then those of unknown end; each part ascending by beginning. */
  readonly #calls: readonly Call[];
  readonly #doneCount: number;
  /** What each call sees; empty where writes do not overwrite, for there nobody asks. */
  readonly #seen: readonly (readonly Trace[])[];
  readonly #events: EventList;
  readonly #space: ContentSpace;
  readonly #placed: PlacedSet;
  readonly #visited = new ConfigurationSet();
  readonly #words: Uint32Array;
  /** By number of a call of unknown end: the number of the one before it that does the same, or -1. */
  readonly #twins: Int32Array;
  /** In the order chosen: the beginning of a call that is done, or the complement of the number of an unknown one. */
  readonly #choices: number[] = [];
  /** The content before each choice. */
  readonly #before: number[] = [];
  #content: number;
  #doneLeft: number;
  #furthest = 0;
  readonly #stuckContents = new Set<number>();

  constructor({ model, initial, calls }: Problem, step: Step) {
    const ascending = calls.toSorted((left, right) => left.beganUs - right.beganUs || left.id - right.id);
    const done = ascending.filter(({ end }) => end.kind === 'done');
    const unknown = ascending.filter(({ end }) => end.kind !== 'done');
    this.#model = model;
    this.#calls = [...done, ...unknown];
    this.#doneCount = done.length;
    this.#seen = model.overwrites ? this.#calls.map((call) => model.seen(call)) : [];
    this.#doneLeft = done.length;
    this.#events = new EventList(done);
    this.#space = new ContentSpace(step, this.#calls);
    this.#twins = twinsOf(unknown);
    this.#placed = new PlacedSet(done.length, unknown.length);
    this.#words = new Uint32Array(1 + this.#placed.maxWords);
    this.#content = this.#space.numberOf(initial);
  }

  run(maxConfigurations: number): SearchResult {
    const events = this.#events;
    let place = events.first;
    /** Calls of unknown end below this number were tried here. */
    let tried = 0;
    while (this.#doneLeft > 0) {
      if (this.#visited.size > maxConfigurations) return this.#result('undecided');
      if (!events.isEnd(place)) {
        place = this.#placeDone(place) ? events.first : (events.next[place] as number);
        continue;
      }
      this.#noteStuck(place);
      if (this.#placeUnknown(place, tried)) {
        place = events.first;
        tried = 0;
        continue;
      }
      const undone = this.#undo();
      if (undone === undefined)
        return { ...this.#result('violation'), kind: 'violation', stuck: this.#stuck() };
      place = undone < 0 ? events.firstEnd() : (events.next[undone] as number);
      tried = undone < 0 ? ~undone + 1 : 0;
    }
    return this.#result('linearizable');
  }

  #result<Kind extends 'linearizable' | 'undecided' | 'violation'>(
    kind: Kind,
  ): { kind: Kind; configurations: number } {
    return { kind, configurations: this.#visited.size };
  }

  /** Places the call that begins here, if the model allows it and it leads somewhere new. */
  #placeDone(begin: number): boolean {
    const call = this.#events.callOf[begin] as number;
    const due = this.#dueTrace();
    if (due !== undefined && !this.#sees(call, due)) return false;
    const after = this.#space.step(this.#content, call);
    if (after === IMPOSSIBLE) return false;
    this.#placed.addDone(call);
    if (!this.#isNew(after, false)) {
      this.#placed.removeDone(call);
      return false;
    }
    this.#doneLeft -= 1;
    this.#events.lift(begin);
    this.#advance(begin, after);
    return true;
  }

  /** Places a call of unknown end, from the number `from` on, that began before the end at `end`. */
  #placeUnknown(end: number, from: number): boolean {
    if (this.#dueTrace() !== undefined) return false;
    const untilUs = (this.#calls[this.#events.callOf[end] as number] as Call).end.atUs;
    for (let number = from; number < this.#twins.length; number++) {
      const call = this.#doneCount + number;
      if ((this.#calls[call] as Call).beganUs > untilUs) return false;
      if (this.#placed.hasUnknown(number) || this.#mustWait(number) || !this.#isWorthwhile(call, end))
        continue;
      const after = this.#space.step(this.#content, call);
      if (after === IMPOSSIBLE) continue;
      this.#placed.addUnknown(number);
      if (this.#isNew(after, this.#model.overwrites)) {
        this.#advance(~number, after);
        return true;
      }
      this.#placed.removeUnknown(number);
    }
    return false;
  }

  #mustWait(number: number): boolean {
    const twin = this.#twins[number] as number;
    return twin >= 0 && !this.#placed.hasUnknown(twin);
  }

  /** Where writes overwrite: one of the calls that may come next sees what this one writes. */
  #isWorthwhile(call: number, end: number): boolean {
    if (!this.#model.overwrites) return true;
    const written = this.#model.written((this.#calls[call] as Call).action);
    if (written === undefined) return false;
    for (let place = this.#events.first; place !== end; place = this.#events.next[place] as number)
      if (this.#sees(this.#events.callOf[place] as number, written)) return true;
    return false;
  }

  /** What the next call has to see, because the latest choice was a call of unknown end placed for its sake. */
  #dueTrace(): Trace | undefined {
    const latest = this.#choices.at(-1);
    if (latest === undefined || latest >= 0 || !this.#model.overwrites) return undefined;
    return this.#model.written((this.#calls[this.#doneCount + ~latest] as Call).action);
  }

  #sees(call: number, trace: Trace): boolean {
    return (this.#seen[call] as readonly Trace[]).includes(trace);
  }

  /** Whether something is due belongs to the configuration: without it more may come next. */
  #isNew(content: number, isDue: boolean): boolean {
    this.#words[0] = content * 2 + Number(isDue);
    return this.#visited.add(this.#words, this.#placed.write(this.#words, 1));
  }

  #advance(choice: number, content: number): void {
    this.#choices.push(choice);
    this.#before.push(this.#content);
    this.#content = content;
  }

  /** Takes the latest choice back and returns it; undefined when nothing is left to undo. */
  #undo(): number | undefined {
    const choice = this.#choices.pop();
    if (choice === undefined) return undefined;
    this.#content = this.#before.pop() as number;
    if (choice < 0) {
      this.#placed.removeUnknown(~choice);
      return choice;
    }
    this.#events.putBack(choice);
    this.#placed.removeDone(this.#events.callOf[choice] as number);
    this.#doneLeft += 1;
    return choice;
  }

  #noteStuck(end: number): void {
    if (end < this.#furthest) return;
    if (end > this.#furthest) {
      this.#furthest = end;
      this.#stuckContents.clear();
    }
    if (this.#stuckContents.size < MAX_STUCK_CONTENTS) this.#stuckContents.add(this.#content);
  }

  #stuck(): Stuck {
    const call = this.#calls[this.#events.callOf[this.#furthest] as number] as Call;
    return { call, contents: [...this.#stuckContents].map((number) => this.#space.contentOf(number)) };
  }
}

function twinsOf(unknown: readonly Call[]): Int32Array {
  const latest = new Map<string, number>();
  return Int32Array.from(unknown, ({ action }, number) => {
    const what = JSON.stringify(action);
    const twin = latest.get(what) ?? -1;
    latest.set(what, number);
    return twin;
  });
}
