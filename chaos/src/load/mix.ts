/**
 * What is asked of which key. A few keys at a time, so that clients meet on them, and new ones every few seconds, so
 * that each has a history short enough to be judged exactly. Beside them keys that are written once and never touched
 * again until the end of the round: an acknowledged write that is lost cannot hide behind a later one.
 */
import type { Random } from '@quorate/core/protocol';
import type { Action } from '@quorate/sim';
import type { LoadPlan } from './plan.ts';

const GENERATION_US = 4_000_000;
const REGISTERS = 8;
const COUNTERS = 4;
const LISTS = 3;

export type Wish = { readonly key: string; readonly action: Action };

export class Mix {
  readonly #plan: LoadPlan;
  readonly #random: Random;
  #written = 0;

  constructor(plan: LoadPlan, random: Random) {
    this.#plan = plan;
    this.#random = random;
  }

  draw(timeUs: number): Wish {
    const random = this.#random;
    const generation = Math.floor((timeUs - this.#plan.fromUs) / GENERATION_US);
    const draw = this.#plan.objects === 'all' ? random.fraction() : random.fraction() * 0.6;
    if (draw < 0.1)
      return {
        key: `once-${this.#plan.site}-${this.#written}`,
        action: { kind: 'set', value: this.#newValue() },
      };
    if (draw < 0.6)
      return { key: `register-${random.below(REGISTERS)}-${generation}`, action: this.#registerAction() };
    if (draw < 0.85) {
      const action: Action = random.chance(0.7) ? { kind: 'inc', by: 1 } : { kind: 'total' };
      return { key: `counter-${random.below(COUNTERS)}-${generation}`, action };
    }
    const action: Action = random.chance(0.5)
      ? { kind: 'append', element: this.#newValue() }
      : { kind: 'list' };
    return { key: `list-${random.below(LISTS)}-${generation}`, action };
  }

  #registerAction(): Action {
    const draw = this.#random.fraction();
    if (draw < 0.42) return { kind: 'set', value: this.#newValue() };
    return { kind: draw < 0.5 ? 'del' : 'get' };
  }

  /** Never the same twice in a run: a value seen says who wrote it. */
  #newValue(): string {
    this.#written += 1;
    return `${this.#plan.site}.${this.#written}`;
  }
}
