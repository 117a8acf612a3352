/**
 * The contents that one search meets, as small numbers: equal contents have equal numbers, so that a search compares
 * and stores a number where it would have to compare texts and lists. Every step of the model is computed once.
 */
import type { Call, Content } from '../history/call.ts';
import { answerOf, type Step } from './model.ts';

/** The answer of `step` when a call cannot come next. */
export const IMPOSSIBLE = -1;

export class ContentSpace {
  readonly #step: Step;
  readonly #calls: readonly Call[];
  readonly #contents: Content[] = [];
  readonly #numbers = new Map<string, number>();
  /** By content number and call, `number * calls + call`. */
  readonly #steps = new Map<number, number>();

  constructor(step: Step, calls: readonly Call[]) {
    this.#step = step;
    this.#calls = calls;
  }

  numberOf(content: Content): number {
    const text = JSON.stringify(content);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#contents.push(content) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  contentOf(number: number): Content {
    return this.#contents[number] as Content;
  }

  /** Number of the content after the call, or IMPOSSIBLE. */
  step(number: number, call: number): number {
    const place = number * this.#calls.length + call;
    const known = this.#steps.get(place);
    if (known !== undefined) return known;
    const asked = this.#calls[call] as Call;
    const after = this.#step(this.contentOf(number), asked.action, answerOf(asked));
    const result = after === undefined ? IMPOSSIBLE : this.numberOf(after);
    this.#steps.set(place, result);
    return result;
  }
}
