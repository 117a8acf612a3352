/**
 * A station is a node together with every message that was ever sent to it. A state of the cluster is three stations.
 *
 * A message stays where it was sent to, for ever: it may be delivered at any time and any number of times, or never.
 * One rule thereby covers loss, duplication, delay and every order, without a bound and without a counter.
 */
import { type Catalog, NOTHING, type Transition } from './catalog.ts';
import { PairMap } from './int-tables.ts';

/** What a station can do: numbers of transitions, each followed by the station it leads to. */
export type Moves = Int32Array;

const SENDS_NOTHING = new Int32Array(0);

export class Stations {
  readonly #catalog: Catalog;
  readonly #numbers = new PairMap();
  readonly #nodes: number[] = [];
  readonly #mailboxes: number[] = [];
  readonly #moves: (Moves | undefined)[] = [];
  readonly #echoes: (Int32Array | undefined)[] = [];
  readonly #withLetter = new PairMap();
  /** Mailboxes: ascending numbers of letters. */
  readonly #contents: Int32Array[] = [new Int32Array(0)];
  readonly #mailboxNumbers: Map<string, number> = new Map([['', 0]]);
  readonly #mailboxWithLetter = new PairMap();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  get size(): number {
    return this.#nodes.length;
  }

  get mailboxCount(): number {
    return this.#contents.length;
  }

  fresh(node: number): number {
    return this.#numberOf(node, 0);
  }

  nodeOf(station: number): number {
    return this.#nodes[station] as number;
  }

  /** The same mailbox with another node. */
  moved(station: number, node: number): number {
    return this.#numberOf(node, this.#mailboxes[station] as number);
  }

  /** The same station with one more letter; the same one if it was there. */
  withLetter(station: number, letter: number): number {
    let result = this.#withLetter.get(station, letter);
    if (result < 0) {
      result = this.#numberOf(
        this.#nodes[station] as number,
        this.#added(this.#mailboxes[station] as number, letter),
      );
      this.#withLetter.set(station, letter, result);
    }
    return result;
  }

  /** What the node can do by itself or with its mail, without what only sends. */
  moves(station: number): Moves {
    return this.#moves[station] ?? this.#explore(station).moves;
  }

  /** Deliveries that leave the node as it is and only send. */
  echoes(station: number): Int32Array {
    return this.#echoes[station] ?? this.#explore(station).echoes;
  }

  #explore(station: number): { readonly moves: Moves; readonly echoes: Int32Array } {
    const node = this.#nodes[station] as number;
    const deliveries = [...(this.#contents[this.#mailboxes[station] as number] as Int32Array)].map((letter) =>
      this.#catalog.delivery(node, letter),
    );
    const moves: number[] = [];
    const echoes: number[] = [];
    for (const number of this.withFates([...deliveries, ...this.#catalog.own(node)])) {
      const { to, violation } = this.#catalog.transitions[number] as Transition;
      if (to === node && violation === undefined) echoes.push(number);
      else moves.push(number, this.moved(station, to));
    }
    const found = {
      moves: Int32Array.from(moves),
      echoes: echoes.length === 0 ? SENDS_NOTHING : Int32Array.from(echoes),
    };
    this.#moves[station] = found.moves;
    this.#echoes[station] = found.echoes;
    return found;
  }

  /** With what happens instead when a crash takes what was written; without NOTHING. */
  withFates(numbers: readonly number[]): ReadonlySet<number> {
    const all = new Set(numbers);
    for (const number of numbers)
      for (const fate of (this.#catalog.transitions[number] as Transition).fates) all.add(fate);
    all.delete(NOTHING);
    return all;
  }

  #numberOf(node: number, mailbox: number): number {
    let number = this.#numbers.get(node, mailbox);
    if (number < 0) {
      number = this.#nodes.length;
      this.#numbers.set(node, mailbox, number);
      this.#nodes.push(node);
      this.#mailboxes.push(mailbox);
    }
    return number;
  }

  #added(mailbox: number, letter: number): number {
    const known = this.#mailboxWithLetter.get(mailbox, letter);
    if (known >= 0) return known;
    const contents = this.#contents[mailbox] as Int32Array;
    const number = contents.includes(letter)
      ? mailbox
      : this.#mailboxOf(Int32Array.from([...contents, letter]).sort());
    this.#mailboxWithLetter.set(mailbox, letter, number);
    return number;
  }

  #mailboxOf(contents: Int32Array): number {
    // Two characters of 15 bits for each letter.
    let key = '';
    for (const letter of contents) key += String.fromCharCode(letter >> 15, letter & 0x7fff);
    let number = this.#mailboxNumbers.get(key);
    if (number === undefined) {
      number = this.#contents.length;
      this.#mailboxNumbers.set(key, number);
      this.#contents.push(contents);
    }
    return number;
  }
}
