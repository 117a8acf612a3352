/**
 * What one session keeps of its commands, by sequence: a ring over the sequences above the acknowledged one, in which
 * keeping, finding and forgetting a result are each one place in an array.
 *
 * Memory is bounded by what is kept, and not by the span over which a client spreads it: the ring reaches for a
 * sequence only if it is then at least an eighth full, and few sequences that lie far above the others are kept in a map.
 *
 * A result is kept as the object that the backend gave, or packed: as the place of its answer in a chunk of bytes
 * (`PackedAnswers` in @quorate/wire). Both count the same, because what is evicted must not depend on it.
 */
import { type Echo, packedResult, type Result, resultSize } from '@quorate/wire';
import { invariant } from '../protocol/invariant.ts';
import { RESULT_OVERHEAD_BYTES, SESSION_WINDOW_SEQUENCES } from './session-limits.ts';

/**
 * 'pending': executes in the present slot, its result is not known yet. 'dropped': executed, its result was too
 * large to keep. An echo counts as large as the value that it stands for, because what is evicted must not depend on it.
 */
export type KeptResult = Result | Echo | 'pending' | 'dropped';

const FIRST_PLACES = 8;
/** The result is an object and not packed. */
const AS_OBJECT = -1;
/** A ring becomes longer only while it has at most this many places for each sequence that is kept. */
const MAX_SPARSITY = 8;
/** A ring that is longer than this, and emptier by far than it was when it grew, becomes as short as this again. */
const CALM_PLACES = 256;

/**
 * What is known of a sequence: 'pending' and its ordinal in the present slot as `start`, a result as an object, or the
 * chunk and the start of a packed one.
 */
type Entry = { kept: KeptResult | Uint8Array; start: number; size: number };

export class SessionWindow {
  /** Every sequence up to this one is over, and nothing is kept of it. */
  #floor: number;
  /** By sequence modulo the length, which is a power of two: the sequences above the floor, as many as there are places. */
  #kept: (KeptResult | Uint8Array | undefined)[] = emptyPlaces(FIRST_PLACES);
  #starts: number[] = new Array<number>(FIRST_PLACES).fill(AS_OBJECT);
  #sizes: number[] = new Array<number>(FIRST_PLACES).fill(0);
  /** By sequence: what lay beyond the ring when it came. What is here is not in the ring. Undefined: nothing. */
  #far: Map<number, Entry> | undefined;
  /** Sequences of which something is known. */
  #count = 0;
  #bytes = 0;

  constructor(floor = 0) {
    this.#floor = floor;
  }

  get floor(): number {
    return this.#floor;
  }

  /** Of the results that are kept, overhead included; pending ones count nothing yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `sequence` lies above the floor and not too far above it. */
  isWithin(sequence: number): boolean {
    return sequence > this.#floor && sequence - this.#floor <= SESSION_WINDOW_SEQUENCES;
  }

  /** A packed result is made an object. Undefined: nothing is known of this sequence. */
  get(sequence: number): KeptResult | undefined {
    const far = this.#far?.get(sequence);
    if (far !== undefined) return asObject(far.kept, far.start);
    if (!this.#isInRing(sequence)) return undefined;
    const place = this.#placeOf(sequence);
    return asObject(this.#kept[place], this.#starts[place] as number);
  }

  isPending(sequence: number): boolean {
    const far = this.#far?.get(sequence);
    if (far !== undefined) return far.kept === 'pending';
    return this.#isInRing(sequence) && this.#kept[this.#placeOf(sequence)] === 'pending';
  }

  /** The `ordinal` that `begin` was told; the sequence is pending. */
  ordinalOf(sequence: number): number {
    return this.#far?.get(sequence)?.start ?? (this.#starts[this.#placeOf(sequence)] as number);
  }

  /**
   * Marks a sequence of which nothing is known as pending; false when something is. It must be within the window.
   * `ordinal`: which command of the present slot it is.
   */
  begin(sequence: number, ordinal: number): boolean {
    if (this.#far?.has(sequence)) return false;
    this.#reach(sequence);
    if (!this.#isInRing(sequence)) this.#put(sequence, 'pending', ordinal, 0);
    else {
      const place = this.#placeOf(sequence);
      if (this.#kept[place] !== undefined) return false;
      this.#kept[place] = 'pending';
      this.#starts[place] = ordinal;
      this.#count += 1;
    }
    return true;
  }

  /** Instead of what was known of a sequence within the window. */
  keep(sequence: number, kept: Result | 'dropped'): void {
    this.#reach(sequence);
    const size = RESULT_OVERHEAD_BYTES + (kept === 'dropped' ? 0 : resultSize(kept));
    this.#put(sequence, kept, AS_OBJECT, size);
  }

  /** As `keep`, with the answer that begins at `start` of `chunk` and whose result has this `resultSize`. */
  keepPacked(sequence: number, chunk: Uint8Array, start: number, size: number): void {
    this.#reach(sequence);
    this.#put(sequence, chunk, start, RESULT_OVERHEAD_BYTES + size);
  }

  /** Forgets everything up to `floor`; one that is not higher than before changes nothing. */
  advance(floor: number): void {
    const before = this.#floor;
    if (floor <= before) return;
    const last = Math.min(floor, this.#ringEnd);
    for (let sequence = before + 1; sequence <= last; sequence++) {
      const place = this.#placeOf(sequence);
      if (this.#kept[place] === undefined) continue;
      this.#count -= 1;
      this.#bytes -= this.#sizes[place] as number;
      this.#kept[place] = undefined;
      this.#sizes[place] = 0;
    }
    this.#floor = floor;
    if (this.#far !== undefined) this.#forgetFar(this.#far);
    if (this.#kept.length > CALM_PLACES && this.#count * 4 * MAX_SPARSITY < this.#kept.length)
      this.#resize(CALM_PLACES);
  }

  /** Ascending. */
  sequences(): number[] {
    const sequences = [...(this.#far?.keys() ?? [])];
    for (let sequence = this.#floor + 1; sequence <= this.#ringEnd; sequence++)
      if (this.#kept[this.#placeOf(sequence)] !== undefined) sequences.push(sequence);
    return sequences.sort((left, right) => left - right);
  }

  /** The highest sequence that has a place in the ring. */
  get #ringEnd(): number {
    return Math.min(this.#floor + this.#kept.length, Number.MAX_SAFE_INTEGER);
  }

  #isInRing(sequence: number): boolean {
    return sequence > this.#floor && sequence - this.#floor <= this.#kept.length;
  }

  #placeOf(sequence: number): number {
    // Equal to the remainder, also above 2^31: the operator takes the low 32 bits.
    return sequence & (this.#kept.length - 1);
  }

  /** Into the ring if it reaches the sequence, which `#reach` was asked for; else beside it. */
  #put(sequence: number, kept: KeptResult | Uint8Array, start: number, size: number): void {
    const far = this.#far?.get(sequence);
    if (far !== undefined || !this.#isInRing(sequence)) {
      if (far === undefined) this.#count += 1;
      this.#bytes += size - (far?.size ?? 0);
      this.#far ??= new Map();
      this.#far.set(sequence, { kept, start, size });
      return;
    }
    const place = this.#placeOf(sequence);
    if (this.#kept[place] === undefined) this.#count += 1;
    this.#bytes += size - (this.#sizes[place] as number);
    this.#kept[place] = kept;
    this.#starts[place] = start;
    this.#sizes[place] = size;
  }

  /** Makes the ring long enough for `sequence`, unless it would be too empty then. */
  #reach(sequence: number): void {
    if (this.#isInRing(sequence)) return;
    invariant(
      this.isWithin(sequence),
      'BOUNDED',
      () => `sequence ${sequence} is not within the window above ${this.#floor}`,
    );
    let length = this.#kept.length;
    while (length < sequence - this.#floor) length *= 2;
    // Twice as long as it must be: a client that has much under way makes it grow often.
    if (length <= (this.#count + 1) * MAX_SPARSITY)
      this.#resize(Math.min(2 * length, SESSION_WINDOW_SEQUENCES));
  }

  #forgetFar(far: Map<number, Entry>): void {
    for (const [sequence, { size }] of far) {
      if (sequence > this.#floor) continue;
      this.#count -= 1;
      this.#bytes -= size;
      far.delete(sequence);
    }
    if (far.size === 0) this.#far = undefined;
  }

  /** Everything that is known, in a ring of this length and beside it. */
  #resize(length: number): void {
    const [kept, starts, sizes, far] = [this.#kept, this.#starts, this.#sizes, this.#far];
    const end = this.#count === 0 ? 0 : this.#ringEnd;
    this.#kept = emptyPlaces(length);
    this.#starts = new Array<number>(length).fill(AS_OBJECT);
    this.#sizes = new Array<number>(length).fill(0);
    this.#far = undefined;
    this.#count = 0;
    this.#bytes = 0;
    for (let sequence = this.#floor + 1; sequence <= end; sequence++) {
      const from = sequence & (kept.length - 1);
      const one = kept[from];
      if (one !== undefined) this.#put(sequence, one, starts[from] as number, sizes[from] as number);
    }
    for (const [sequence, { kept: one, start, size }] of far ?? []) this.#put(sequence, one, start, size);
  }
}

function emptyPlaces(length: number): (KeptResult | Uint8Array | undefined)[] {
  return new Array<undefined>(length).fill(undefined);
}

function asObject(kept: KeptResult | Uint8Array | undefined, start: number): KeptResult | undefined {
  return kept instanceof Uint8Array ? packedResult(kept, start) : kept;
}
