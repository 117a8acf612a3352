/**
 * What one session keeps of its commands, by sequence: a ring over the sequences above the acknowledged one. It is as
 * long as the span that is in use, at most SESSION_WINDOW_SEQUENCES, and keeping, finding and forgetting a result are
 * each one place in an array.
 *
 * A result is kept as the object that the backend gave, or packed: as the place of its answer in a chunk of bytes
 * (`PackedAnswers` in @quorate/wire). Both count the same, because what is evicted must not depend on it.
 */
import { packedResult, type Result, resultSize } from '@quorate/wire';
import { invariant } from '../protocol/invariant.ts';
import { RESULT_OVERHEAD_BYTES, SESSION_WINDOW_SEQUENCES } from './session-limits.ts';

/**
 * 'pending': executes in the present slot, its result is not known yet. 'dropped': executed, its result was too
 * large to keep.
 */
export type KeptResult = Result | 'pending' | 'dropped';

const FIRST_PLACES = 8;
/** The result is an object and not packed. */
const AS_OBJECT = -1;

export class SessionWindow {
  /** Every sequence up to this one is over, and nothing is kept of it. */
  #floor: number;
  /** By sequence modulo the length, which is a power of two and at least the span of what is kept above the floor. */
  #kept: (KeptResult | Uint8Array | undefined)[] = emptyPlaces(FIRST_PLACES);
  #starts: number[] = new Array<number>(FIRST_PLACES).fill(AS_OBJECT);
  #sizes: number[] = new Array<number>(FIRST_PLACES).fill(0);
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
    const place = this.#placeOf(sequence);
    const kept = this.#kept[place];
    if (kept === undefined || sequence <= this.#floor || sequence - this.#floor > this.#kept.length)
      return undefined;
    return kept instanceof Uint8Array ? packedResult(kept, this.#starts[place] as number) : kept;
  }

  isPending(sequence: number): boolean {
    return (
      sequence > this.#floor &&
      sequence - this.#floor <= this.#kept.length &&
      this.#kept[this.#placeOf(sequence)] === 'pending'
    );
  }

  /** Marks a sequence of which nothing is known as pending; false when something is. It must be within the window. */
  begin(sequence: number): boolean {
    this.#reach(sequence);
    const place = this.#placeOf(sequence);
    if (this.#kept[place] !== undefined) return false;
    this.#kept[place] = 'pending';
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
    const last = Math.min(floor, before + this.#kept.length);
    for (let sequence = before + 1; sequence <= last; sequence++) {
      const place = this.#placeOf(sequence);
      this.#bytes -= this.#sizes[place] as number;
      this.#kept[place] = undefined;
      this.#sizes[place] = 0;
    }
    this.#floor = floor;
  }

  /** Ascending. */
  sequences(): number[] {
    const sequences: number[] = [];
    for (let sequence = this.#floor + 1; sequence <= this.#floor + this.#kept.length; sequence++)
      if (this.#kept[this.#placeOf(sequence)] !== undefined) sequences.push(sequence);
    return sequences;
  }

  #placeOf(sequence: number): number {
    // Equal to the remainder, also above 2^31: the operator takes the low 32 bits.
    return sequence & (this.#kept.length - 1);
  }

  #put(sequence: number, kept: Result | 'dropped' | Uint8Array, start: number, size: number): void {
    const place = this.#placeOf(sequence);
    this.#bytes += size - (this.#sizes[place] as number);
    this.#kept[place] = kept;
    this.#starts[place] = start;
    this.#sizes[place] = size;
  }

  /** Makes the ring long enough for `sequence`. */
  #reach(sequence: number): void {
    const span = sequence - this.#floor;
    if (span <= this.#kept.length && span > 0) return;
    invariant(
      this.isWithin(sequence),
      'BOUNDED',
      () => `sequence ${sequence} is not within the window above ${this.#floor}`,
    );
    const before = { kept: this.#kept, starts: this.#starts, sizes: this.#sizes };
    let length = before.kept.length;
    while (length < span) length *= 2;
    this.#kept = emptyPlaces(length);
    this.#starts = new Array<number>(length).fill(AS_OBJECT);
    this.#sizes = new Array<number>(length).fill(0);
    for (let one = this.#floor + 1; one <= this.#floor + before.kept.length; one++) {
      const from = one & (before.kept.length - 1);
      const place = this.#placeOf(one);
      this.#kept[place] = before.kept[from];
      this.#starts[place] = before.starts[from] as number;
      this.#sizes[place] = before.sizes[from] as number;
    }
  }
}

function emptyPlaces(length: number): (KeptResult | Uint8Array | undefined)[] {
  return new Array<undefined>(length).fill(undefined);
}
