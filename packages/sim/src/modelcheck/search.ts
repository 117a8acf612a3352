/**
 * Breadth-first search over all states of a cluster of three: every state once, the shortest way to a violation first.
 *
 * A state is three stations (stations.ts) and is stored as three numbers, so that equality is exact: no fingerprint can
 * merge two states that differ. What is left out of the search, and why, is in reduction.ts.
 */
import type { Violation } from './action.ts';
import { TripleList } from './int-tables.ts';
import type { World } from './judge.ts';
import type { LandmarkBits } from './landmarks.ts';
import type { Protocol } from './protocol.ts';
import type { Scope } from './scope.ts';
import { type Reduction, type Setting, settingOf } from './setting.ts';
import { COLUMNS, type State, type Step, Successors } from './successors.ts';

/** `crashes` is the case of the scope in which it happens. */
export type Counterexample = {
  readonly violation: Violation;
  readonly crashes: readonly number[];
  readonly steps: readonly Step[];
};

export type Totals = {
  readonly states: number;
  /** States whose successors are all known. */
  readonly explored: number;
  readonly transitions: number;
  /** Longest of the shortest ways to the states explored. */
  readonly depth: number;
  readonly nodes: number;
  readonly letters: number;
  readonly stations: number;
  /** Times that the real code was run for an action. */
  readonly runs: number;
  readonly landmarks: LandmarkBits;
};

export type SearchOptions = {
  readonly maxStates: number;
  readonly reduction?: Reduction;
  /** Properties that are noticed; all of them by default. */
  readonly noticed?: readonly string[];
  /** Called now and then; a search is stopped when it says so. */
  readonly onProgress?: (totals: Totals) => 'go on' | 'stop';
};

const PROGRESS_STATES = 20_000;
const NO_PARENT = -1;

export class Search {
  readonly setting: Setting;
  readonly #successors: Successors;
  readonly #states = new TripleList();
  readonly #options: SearchOptions;
  #transitions = 0;
  #depth = 0;
  #explored = 0;

  constructor(protocol: Protocol, scope: Scope, options: SearchOptions) {
    this.setting = settingOf(protocol, scope, options.reduction, options.noticed);
    this.#successors = new Successors(this.setting);
    this.#options = options;
  }

  get totals(): Totals {
    const { catalog, stations, landmarks } = this.#successors;
    return {
      states: this.#states.size,
      explored: this.#explored,
      transitions: this.#transitions,
      depth: this.#depth,
      nodes: catalog.nodes.length,
      letters: catalog.letters.length,
      stations: stations.size,
      runs: catalog.runs,
      landmarks,
    };
  }

  /** Everything within the scope was seen. */
  get isComplete(): boolean {
    return this.#explored === this.#states.size;
  }

  /** Every state that was found. For comparisons; slow. */
  *worlds(): Generator<World> {
    for (let number = 0; number < this.#states.size; number++)
      yield this.#successors.worldOf(this.#stateAt(number));
  }

  /** @returns the shortest way to a violation, if there is one among the states searched */
  run(): Counterexample | undefined {
    const { maxStates, onProgress } = this.#options;
    for (const crashes of this.setting.scope.crashes)
      this.#states.add(...this.#successors.start(crashes), NO_PARENT);
    let levelEnd = this.#states.size;
    for (let number = 0; number < this.#states.size; number++) {
      if (number === levelEnd) {
        levelEnd = this.#states.size;
        this.#depth += 1;
      }
      const found = this.#explore(number);
      if (found !== undefined) return found;
      this.#explored = number + 1;
      if (this.#states.size >= maxStates) return undefined;
      if (this.#explored % PROGRESS_STATES === 0 && onProgress?.(this.totals) === 'stop') return undefined;
    }
    return undefined;
  }

  #explore(number: number): Counterexample | undefined {
    const successors = this.#successors;
    const { next } = successors;
    let found: Counterexample | undefined;
    const state = this.#stateAt(number);
    successors.of(state, (column, transition) => {
      this.#transitions += 1;
      const { violation } = successors;
      if (violation !== undefined) {
        const { crashes, steps } = this.#wayTo(number);
        const last: Step[] = [{ column, action: transition.action }];
        successors.retrace(state, column, transition, (step) => last.push(step));
        found = { violation, crashes, steps: [...steps, ...last] };
        return 'stop';
      }
      if (this.#states.add(next[0], next[1], next[2], number)) successors.noteLeaders();
      return 'go on';
    });
    return found;
  }

  #stateAt(number: number): State {
    const states = this.#states;
    return [states.at(number, 0), states.at(number, 1), states.at(number, 2)];
  }

  /** Every action from the start to the state, echoes included. */
  #wayTo(number: number): Pick<Counterexample, 'crashes' | 'steps'> {
    const chain: number[] = [];
    for (let state = number; state !== NO_PARENT; state = this.#states.parentOf(state)) chain.push(state);
    chain.reverse();
    const steps = chain.slice(1).flatMap((child, index) => this.#between(chain[index] as number, child));
    const start = this.#successors.worldOf(this.#stateAt(chain[0] as number));
    return { crashes: start.map(({ past }) => past.crashesLeft), steps };
  }

  #between(parent: number, child: number): Step[] {
    const successors = this.#successors;
    const [from, to] = [this.#stateAt(parent), this.#stateAt(child)];
    const steps: Step[] = [];
    successors.of(from, (column, transition) => {
      if (COLUMNS.some((other) => successors.next[other] !== to[other])) return 'go on';
      steps.push({ column, action: transition.action });
      successors.retrace(from, column, transition, (step) => steps.push(step));
      return 'stop';
    });
    return steps;
  }
}
