/**
 * Makes every state that can follow a state, and says what is wrong with it.
 *
 * Owns the step from the transitions of single nodes to states of the cluster: who does what next, where the letters go,
 * which echoes follow, what the judge says. Which states are known already is the search's business.
 */
import type { Action, Violation } from './action.ts';
import { Catalog, type Transition } from './catalog.ts';
import type { Verdict, World } from './judge.ts';
import { bitOf, type LandmarkBits } from './landmarks.ts';
import type { ModelNode } from './model-node.ts';
import type { Setting } from './setting.ts';
import { Stations } from './stations.ts';
import { Verdicts } from './verdicts.ts';

/** Position of a node in a state. */
export type Column = 0 | 1 | 2;
export const COLUMNS: readonly Column[] = [0, 1, 2];

/** Numbers of stations. */
export type State = readonly [number, number, number];

/** One action of one node on the way to a state. */
export type Step = { readonly column: Column; readonly action: Action };

export class Successors {
  readonly catalog: Catalog;
  readonly stations: Stations;
  readonly #setting: Setting;
  readonly #verdicts: Verdicts;
  /** The state that is being made. A visitor reads it before it returns. */
  readonly next: [number, number, number] = [0, 0, 0];
  /** What is wrong with it. */
  violation: Violation | undefined;
  landmarks: LandmarkBits = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.catalog = new Catalog(setting);
    this.stations = new Stations(this.catalog);
    this.#verdicts = new Verdicts(setting.protocol, this.catalog);
  }

  start(crashes: readonly number[]): State {
    const { voters } = this.#setting;
    const stations = voters.map((self, column) =>
      this.stations.fresh(this.catalog.fresh(self, crashes[column] ?? 0)),
    );
    return stations as unknown as State;
  }

  /** Makes one after another in `next` and shows it to `visit`, until that has seen enough. */
  of(state: State, visit: (column: Column, transition: Transition) => 'go on' | 'stop'): void {
    for (const column of COLUMNS) {
      const station = state[column];
      const moves = this.stations.moves(station);
      for (let move = 0; move < moves.length; move += 2) {
        const transition = this.#make(state, column, moves[move] as number, moves[move + 1] as number);
        if (visit(column, transition) === 'stop') return;
      }
      if (this.#setting.reduction === 'none') {
        for (const echo of this.stations.echoes(station)) {
          if (visit(column, this.#make(state, column, echo, station)) === 'stop') return;
        }
      }
      for (const number of this.#together(column, state)) {
        const { to } = this.catalog.transitions[number] as Transition;
        if (visit(column, this.#make(state, column, number, this.stations.moved(station, to))) === 'stop')
          return;
      }
    }
  }

  /** Makes this one successor again, and tells of the echoes that were taken with it. */
  retrace(state: State, column: Column, { number, to }: Transition, note: (step: Step) => void): void {
    this.#make(state, column, number, this.stations.moved(state[column], to), note);
  }

  worldOf(state: State): World {
    return state.map(
      (station) => this.catalog.nodes[this.stations.nodeOf(station)] as ModelNode,
    ) as unknown as World;
  }

  /** To be called for every new state. */
  noteLeaders(): void {
    const { leads } = this.catalog;
    let count = 0;
    for (const station of this.next) if (leads[this.stations.nodeOf(station)] === true) count += 1;
    if (count > 1) this.landmarks |= bitOf('two-leaders');
  }

  /** Transitions that depend on the other nodes too. */
  #together(column: Column, state: State): Iterable<number> {
    const { catalog, stations } = this;
    const node = stations.nodeOf(state[column]);
    if (catalog.mayCampaign[node] !== true && catalog.mayRead[node] !== true) return [];
    const found: number[] = [];
    if (catalog.mayCampaign[node] === true) {
      for (const other of COLUMNS)
        if (other !== column) found.push(catalog.campaign(node, stations.nodeOf(state[other])));
    }
    if (catalog.mayRead[node] === true) {
      const known = state.map((station) => catalog.highestLearned[stations.nodeOf(station)] as number);
      found.push(catalog.read(node, Math.max(...known)));
    }
    return stations.withFates(found);
  }

  #make(
    state: State,
    column: Column,
    number: number,
    station: number,
    note?: (step: Step) => void,
  ): Transition {
    const transition = this.catalog.transitions[number] as Transition;
    this.next[0] = state[0];
    this.next[1] = state[1];
    this.next[2] = state[2];
    this.next[column] = station;
    this.violation = undefined;
    this.#send(transition);
    this.#take(column, transition);
    if (this.#setting.reduction === 'full' && this.violation === undefined) this.#takeEchoes(note);
    return transition;
  }

  #take(column: Column, transition: Transition): void {
    this.landmarks |= transition.landmarks;
    if (transition.violation !== undefined) this.#accuse(transition.violation);
    if (transition.facts.length === 0) return;
    const { violation, landmarks } = this.#verdictOn(column, transition);
    this.landmarks |= landmarks;
    if (violation !== undefined) this.#accuse(violation);
  }

  #send({ letters }: Transition): boolean {
    let changed = false;
    for (const letter of letters) {
      const receiver = this.catalog.receivers[letter] as Column;
      const before = this.next[receiver];
      const after = this.stations.withLetter(before, letter);
      if (after === before) continue;
      this.next[receiver] = after;
      changed = true;
    }
    return changed;
  }

  /** Takes every delivery that only sends, until nothing is sent that was not sent before. */
  #takeEchoes(note: ((step: Step) => void) | undefined): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const column of COLUMNS) {
        for (const number of this.stations.echoes(this.next[column])) {
          const transition = this.catalog.transitions[number] as Transition;
          if (!this.#send(transition)) continue;
          changed = true;
          this.#take(column, transition);
          note?.({ column, action: transition.action });
          if (this.violation !== undefined) return;
        }
      }
    }
  }

  #verdictOn(column: Column, transition: Transition): Verdict {
    const first = this.stations.nodeOf(this.next[column === 0 ? 1 : 0]);
    const second = this.stations.nodeOf(this.next[column === 2 ? 1 : 2]);
    return this.#verdicts.on(transition, [first, second], () => this.worldOf(this.next));
  }

  #accuse(violation: Violation): void {
    if (this.#setting.noticed?.has(violation.property) ?? true) this.violation ??= violation;
  }
}
