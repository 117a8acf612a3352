/**
 * Beginnings and ends of calls on one key in the order of time, as a doubly linked list from which a call can be
 * lifted out and put back in constant time. Holds calls that are done; a call without an end has no place in time.
 *
 * Beginnings come before ends of the same microsecond: calls that touch count as overlapping, which can only make
 * a checker more lenient, never wrong.
 */
import type { Call } from '../history/call.ts';

/** Before the first element. */
export const HEAD = 0;

export class EventList {
  /** Call of an element, by its place in the given list. */
  readonly callOf: Int32Array;
  readonly next: Int32Array;
  readonly #previous: Int32Array;
  /** For a beginning: the element of its end. For an end: 0. */
  readonly #endOf: Int32Array;

  /** Calls that are done, in any order. */
  constructor(calls: readonly Call[]) {
    const events = eventsOf(calls);
    const size = events.length + 2;
    this.callOf = new Int32Array(size).fill(-1);
    this.#endOf = new Int32Array(size);
    this.next = Int32Array.from({ length: size }, (_, place) => place + 1);
    this.#previous = Int32Array.from({ length: size }, (_, place) => place - 1);
    const begins = new Int32Array(calls.length);
    events.forEach(({ call, isEnd }, index) => {
      const place = index + 1;
      this.callOf[place] = call;
      if (isEnd) this.#endOf[begins[call] as number] = place;
      else begins[call] = place;
    });
  }

  get first(): number {
    return this.next[HEAD] as number;
  }

  isEnd(place: number): boolean {
    return this.#endOf[place] === 0;
  }

  /** The earliest end in the list. There is one while the list is not empty. */
  firstEnd(): number {
    let place = this.first;
    while (!this.isEnd(place)) place = this.next[place] as number;
    return place;
  }

  /** Takes the call that begins here out of the list, with its end. */
  lift(begin: number): void {
    this.#unlink(begin);
    this.#unlink(this.#endOf[begin] as number);
  }

  /** Undoes the latest `lift` that has not been undone. */
  putBack(begin: number): void {
    this.#link(this.#endOf[begin] as number);
    this.#link(begin);
  }

  #unlink(place: number): void {
    const before = this.#previous[place] as number;
    const after = this.next[place] as number;
    this.next[before] = after;
    this.#previous[after] = before;
  }

  #link(place: number): void {
    this.next[this.#previous[place] as number] = place;
    this.#previous[this.next[place] as number] = place;
  }
}

type Event = { readonly call: number; readonly isEnd: boolean; readonly atUs: number };

function eventsOf(calls: readonly Call[]): Event[] {
  const events = calls.flatMap(({ beganUs, end }, call): Event[] => [
    { call, isEnd: false, atUs: beganUs },
    { call, isEnd: true, atUs: end.atUs },
  ]);
  return events.sort(
    (left, right) =>
      left.atUs - right.atUs || Number(left.isEnd) - Number(right.isEnd) || left.call - right.call,
  );
}
