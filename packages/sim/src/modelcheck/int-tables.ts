/**
 * Open-addressing hash tables over typed arrays: what millions of small whole numbers need to be found again in.
 *
 * Nothing is ever deleted, and keys are stored whole, so equality is exact.
 */

const EMPTY = -1;
const INITIAL_PLACES = 1 << 12;
/** Above this share of places in use a table doubles. */
const FULLEST = 0.625;
const GROWTH = 1.6;

/** Pairs of non-negative 32-bit numbers to non-negative numbers. */
export class PairMap {
  /** Four numbers for each place, so that one look at memory finds all: first, second, value, unused. */
  #places = emptyPlaces(INITIAL_PLACES);
  #mask = INITIAL_PLACES - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** -1 when it is not there. */
  get(first: number, second: number): number {
    const place = this.#placeOf(first, second);
    return this.#places[place] === EMPTY ? EMPTY : (this.#places[place + 2] as number);
  }

  set(first: number, second: number, value: number): void {
    const place = this.#placeOf(first, second);
    if (this.#places[place] === EMPTY) this.#size += 1;
    this.#places[place] = first;
    this.#places[place + 1] = second;
    this.#places[place + 2] = value;
    if (this.#size > (this.#mask + 1) * FULLEST) this.#grow();
  }

  #placeOf(first: number, second: number): number {
    const places = this.#places;
    let place = (mix(first, second, 0) & this.#mask) * 4;
    while (places[place] !== EMPTY && (places[place] !== first || places[place + 1] !== second))
      place = (place + 4) & (this.#mask * 4);
    return place;
  }

  #grow(): void {
    const old = this.#places;
    this.#mask = this.#mask * 2 + 1;
    this.#places = emptyPlaces(this.#mask + 1);
    for (let from = 0; from < old.length; from += 4) {
      if (old[from] === EMPTY) continue;
      this.#places.set(
        old.subarray(from, from + 4),
        this.#placeOf(old[from] as number, old[from + 1] as number),
      );
    }
  }
}

function emptyPlaces(count: number): Int32Array<ArrayBuffer> {
  return new Int32Array(count * 4).fill(EMPTY);
}

/** Triples of numbers, numbered in the order in which they were added, each with the number of its parent. */
export class TripleList {
  /** Four numbers for each triple: itself and its parent. */
  #rows = new Int32Array(INITIAL_PLACES * 4);
  /** Numbers of triples. */
  #index = new Int32Array(INITIAL_PLACES).fill(EMPTY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  at(number: number, column: 0 | 1 | 2): number {
    return this.#rows[number * 4 + column] as number;
  }

  parentOf(number: number): number {
    return this.#rows[number * 4 + 3] as number;
  }

  get bytes(): number {
    return this.#rows.byteLength + this.#index.byteLength;
  }

  /** Adds the triple unless it is there. @returns whether it was new */
  add(a: number, b: number, c: number, parent: number): boolean {
    const rows = this.#rows;
    const mask = this.#index.length - 1;
    let place = mix(a, b, c) & mask;
    for (;;) {
      const number = this.#index[place] as number;
      if (number === EMPTY) break;
      const row = number * 4;
      if (rows[row] === a && rows[row + 1] === b && rows[row + 2] === c) return false;
      place = (place + 1) & mask;
    }
    this.#index[place] = this.#size;
    this.#append(a, b, c, parent);
    if (this.#size > this.#index.length * FULLEST) this.#reindex();
    return true;
  }

  #append(a: number, b: number, c: number, parent: number): void {
    const row = this.#size * 4;
    if (row === this.#rows.length) {
      const rows = new Int32Array(Math.ceil(this.#size * GROWTH) * 4);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    this.#rows[row] = a;
    this.#rows[row + 1] = b;
    this.#rows[row + 2] = c;
    this.#rows[row + 3] = parent;
    this.#size += 1;
  }

  #reindex(): void {
    const rows = this.#rows;
    this.#index = new Int32Array(this.#index.length * 2).fill(EMPTY);
    const mask = this.#index.length - 1;
    for (let number = 0; number < this.#size; number++) {
      const row = number * 4;
      let place = mix(rows[row] as number, rows[row + 1] as number, rows[row + 2] as number) & mask;
      while (this.#index[place] !== EMPTY) place = (place + 1) & mask;
      this.#index[place] = number;
    }
  }
}

/** Every bit of every number moves about half of the result's bits. */
function mix(a: number, b: number, c: number): number {
  let hash =
    Math.imul(a ^ (a >>> 16), 0x21f0aaad) + Math.imul(b ^ (b >>> 15), 0x735a2d97) + Math.imul(c, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}
