/**
 * What the judge says, each thing once. A verdict depends on the transition and on what the judge can see of the other
 * two nodes, and there are few of these.
 */
import type { Catalog, Transition } from './catalog.ts';
import { PairMap } from './int-tables.ts';
import { Judge, type Verdict, type World } from './judge.ts';
import type { Protocol } from './protocol.ts';

export class Verdicts {
  readonly #catalog: Catalog;
  readonly #judge: Judge;
  readonly #verdicts: Verdict[] = [];
  readonly #pairs = new PairMap();
  readonly #numbers = new PairMap();

  constructor(protocol: Protocol, catalog: Catalog) {
    this.#judge = new Judge(protocol);
    this.#catalog = catalog;
  }

  /** `others` are the numbers of the two nodes that did nothing; `world` is asked for when it is needed. */
  on(transition: Transition, others: readonly [number, number], world: () => World): Verdict {
    const pair = this.#pairOf(this.#recordClass(others[0]), this.#recordClass(others[1]));
    const known = this.#numbers.get(transition.number, pair);
    if (known >= 0) return this.#verdicts[known] as Verdict;
    const verdict = this.#judge.judge(world(), transition.facts);
    this.#numbers.set(transition.number, pair, this.#verdicts.length);
    this.#verdicts.push(verdict);
    return verdict;
  }

  #recordClass(node: number): number {
    return this.#catalog.recordClass[node] as number;
  }

  #pairOf(first: number, second: number): number {
    let pair = this.#pairs.get(first, second);
    if (pair < 0) {
      pair = this.#pairs.size;
      this.#pairs.set(first, second, pair);
    }
    return pair;
  }
}
