/**
 * Plain data: `undefined`, `null`, booleans, numbers, strings, byte arrays, arrays, objects, Maps and Sets, nested up
 * to 100 deep. This is what simple backends (`define-backend.ts`) have as commands and as state.
 *
 * Its bytes are a kind, then what the kind needs; little-endian, lengths and counts are u32. Two orders. 'sorted': keys
 * and members by their bytes, so that equal data gives equal bytes; for commands and digests. 'kept': as the program
 * put them, so that a state that went through a snapshot behaves exactly as before. Writing and reading are
 * `plain-data-encode.ts` and `plain-data-decode.ts`.
 */

export type PlainData =
  | undefined
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PlainData[]
  | { readonly [key: string]: PlainData }
  /** Keys of Maps and members of Sets are neither objects nor byte arrays: those would be others after a snapshot. */
  | ReadonlyMap<PlainData, PlainData>
  | ReadonlySet<PlainData>;

export type DataOrder = 'sorted' | 'kept';

export const MAX_DATA_DEPTH = 100;

/** First byte of every piece of data. Part of the log's format: numbers are never reused. */
export const KIND = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  /** IEEE double; one spelling of NaN. */
  number: 4,
  /** Length and UTF-8. */
  string: 5,
  /** A string with half a surrogate pair, which UTF-8 cannot hold: count and u16 units. */
  raggedString: 6,
  /** Length and bytes. */
  bytes: 7,
  /** Count and elements. */
  array: 8,
  /** Count and pairs of key and value, also for the next two. */
  object: 9,
  /** An object without a prototype, where `state['constructor']` is not there by itself. */
  bareObject: 10,
  map: 11,
  /** Count and members. */
  set: 12,
} as const;

/** True when half a surrogate pair stands alone. */
export function isRagged(value: string): boolean {
  return /\p{Surrogate}/u.test(value);
}

/** Eight bytes, the same for all NaNs. */
export function numberBytes(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Number.isNaN(value) ? Number.NaN : value, true);
  return new Uint8Array(view.buffer);
}

/** Lexicographic. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
