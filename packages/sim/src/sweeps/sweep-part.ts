/**
 * What every part of the sweep looks like to the program that runs it: numbered cases, each with a name that is enough
 * to play it again, and figures that add up while they run.
 */
import type { TraceOptions } from '../trace.ts';

export interface SweepPart {
  /** The switch that selects it. */
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** Cases of the full size; they are numbered from 0. */
  readonly size: number;
  /** The same number is always the same case. */
  nameOf(index: number): string;
  /** Undefined when this is no name of a case. */
  find(name: string): SweepCase | undefined;
  /** What was seen so far, as rows of a table: what, and how much. */
  figures(): readonly (readonly [what: string, figure: string])[];
  /** Removes what it made. Called once, when no case will be played any more. */
  close?(): void;
}

export type SweepCase = {
  readonly name: string;
  /** Plays it. Undefined when everything is as it must be, else one sentence. Adds to the figures of its part. */
  play(trace?: TraceOptions): string | undefined | Promise<string | undefined>;
};

/** The largest figure so far and the case in which it was seen. */
export class Peak {
  #figure: number;
  #name = 'no case';

  constructor(floor = 0) {
    this.#figure = floor;
  }

  note(figure: number, name: string): void {
    if (figure <= this.#figure) return;
    this.#figure = figure;
    this.#name = name;
  }

  describe(digits: number): string {
    return this.#name === 'no case'
      ? this.#figure.toFixed(digits)
      : `${this.#figure.toFixed(digits)} (${this.#name})`;
  }
}
