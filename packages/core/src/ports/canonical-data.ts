/**
 * Plain data as bytes: `undefined`, `null`, booleans, numbers, strings, byte arrays, arrays, objects, Maps and Sets,
 * nested up to 100 deep. This is how simple backends (`define-backend.ts`) log commands and write snapshots.
 *
 * Two orders. 'sorted': keys and members by their bytes, so that equal data gives equal bytes; for commands and
 * digests. 'kept': in the order in which the program put them, so that a state that went through a snapshot behaves
 * exactly as before; for snapshots. What would not come back as it was (dates, class instances, functions, holes in
 * arrays, the same object in two places) is refused with the path to it. The decoder is total: plain data or
 * `WIRE_MALFORMED`; it accepts one spelling only and copies what it keeps.
 */
import {
  ByteReader,
  ByteWriter,
  decodeUtf8,
  encodeUtf8,
  equalBytes,
  malformed,
  QuorateError,
} from '@quorate/wire';

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

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const NUMBER = 4;
const STRING = 5;
/** A string with half a surrogate pair, which UTF-8 cannot hold: u32 count | u16 x count. */
const RAGGED_STRING = 6;
const BYTES = 7;
const ARRAY = 8;
const OBJECT = 9;
/** An object without a prototype, where `state['constructor']` is not there by itself. */
const BARE_OBJECT = 10;
const MAP = 11;
const SET = 12;

/** @throws QuorateError ARGUMENT for what is not plain data, with the path to it */
export function encodeData(data: unknown, order: DataOrder): Uint8Array {
  const out = new ByteWriter();
  writeData(out, data, { path: 'data', depth: 0, order, met: new Set() });
  return out.bytes();
}

/** The inverse; with 'sorted' exactly one spelling of every data is accepted. @throws QuorateError WIRE_MALFORMED */
export function decodeData(bytes: Uint8Array, order: DataOrder): PlainData {
  const reader = new ByteReader(bytes);
  const data = readData(reader, { bytes, order }, 0);
  reader.end();
  return data;
}

type Place = {
  readonly path: string;
  readonly depth: number;
  readonly order: DataOrder;
  /** Every object met so far: one that is in two places would come back as two objects. */
  readonly met: Set<object>;
};

function writeData(out: ByteWriter, data: unknown, place: Place): void {
  if (data === undefined) out.u8(UNDEFINED);
  else if (data === null) out.u8(NULL);
  else if (typeof data === 'boolean') out.u8(data ? TRUE : FALSE);
  else if (typeof data === 'number') writeNumber(out, data);
  else if (typeof data === 'string') writeString(out, data);
  else if (typeof data === 'object') writeObject(out, data, place);
  else throw notPlain(place.path, `a ${typeof data}`);
}

function writeObject(out: ByteWriter, data: object, place: Place): void {
  if (place.depth >= MAX_DATA_DEPTH) throw notPlain(place.path, `nested more than ${MAX_DATA_DEPTH} deep`);
  if (place.met.has(data)) throw notPlain(place.path, 'an object that is also somewhere else in the data');
  place.met.add(data);
  const prototype: unknown = Object.getPrototypeOf(data);
  if (data instanceof Uint8Array) {
    out.u8(BYTES);
    out.block(data);
  } else if (Array.isArray(data)) {
    out.u8(ARRAY);
    writeElements(out, data, place);
  } else if (data instanceof Map) {
    out.u8(MAP);
    writePairs(out, [...data.keys()], [...data.values()], place);
  } else if (data instanceof Set) {
    out.u8(SET);
    writePairs(out, [...data], undefined, place);
  } else if (prototype === Object.prototype || prototype === null) {
    if (Object.getOwnPropertySymbols(data).length > 0)
      throw notPlain(place.path, 'an object with symbols as keys');
    out.u8(prototype === null ? BARE_OBJECT : OBJECT);
    writePairs(out, Object.keys(data), Object.values(data), place);
  } else {
    throw notPlain(place.path, `an object of class ${data.constructor.name}`);
  }
}

function writeElements(out: ByteWriter, elements: readonly unknown[], place: Place): void {
  out.u32(elements.length);
  for (let index = 0; index < elements.length; index++) {
    const inner = within(place, `[${index}]`);
    if (!(index in elements)) throw notPlain(inner.path, 'a hole in an array');
    writeData(out, elements[index], inner);
  }
}

/** Keys with values, or keys alone. Keys are unique and primitive, so their bytes are unique and no prefix of another's. */
function writePairs(
  out: ByteWriter,
  keys: readonly unknown[],
  values: readonly unknown[] | undefined,
  place: Place,
): void {
  out.u32(keys.length);
  const sorted: Uint8Array[] = [];
  const pair = place.order === 'sorted' ? new ByteWriter(64) : out;
  for (const [index, key] of keys.entries()) {
    const inner = within(place, `.${String(key)}`);
    if (typeof key === 'object' && key !== null)
      throw notPlain(inner.path, 'an object as key of a Map or member of a Set');
    writeData(pair, key, inner);
    if (values !== undefined) writeData(pair, values[index], inner);
    if (pair === out) continue;
    sorted.push(pair.bytes());
    pair.reset();
  }
  for (const bytes of sorted.sort(compareBytes)) out.raw(bytes);
}

function within(place: Place, step: string): Place {
  return { path: place.path + step, depth: place.depth + 1, order: place.order, met: place.met };
}

function notPlain(path: string, what: string): QuorateError {
  return new QuorateError('ARGUMENT', `${path} is ${what}, which is not plain data`);
}

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

function writeNumber(out: ByteWriter, value: number): void {
  out.u8(NUMBER);
  scratch.setFloat64(0, Number.isNaN(value) ? Number.NaN : value, true);
  out.raw(scratchBytes);
}

function writeString(out: ByteWriter, value: string): void {
  if (!isRagged(value)) {
    out.u8(STRING);
    out.text(value);
    return;
  }
  out.u8(RAGGED_STRING);
  out.u32(value.length);
  for (let index = 0; index < value.length; index++) out.u16(value.charCodeAt(index));
}

/** True when half a surrogate pair stands alone. */
function isRagged(value: string): boolean {
  return /\p{Surrogate}/u.test(value);
}

type Source = { readonly bytes: Uint8Array; readonly order: DataOrder };

function readData(reader: ByteReader, source: Source, depth: number): PlainData {
  const kind = reader.u8();
  if (kind >= BYTES && depth >= MAX_DATA_DEPTH)
    throw malformed(`data nested more than ${MAX_DATA_DEPTH} deep`);
  switch (kind) {
    case UNDEFINED:
      return undefined;
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case NUMBER:
      return readNumber(reader);
    case STRING:
      return readString(reader);
    case RAGGED_STRING:
      return readRaggedString(reader);
    case BYTES:
      return reader.block().slice();
    case ARRAY: {
      const elements: PlainData[] = [];
      for (let left = reader.u32(); left > 0; left--) elements.push(readData(reader, source, depth + 1));
      return elements;
    }
    case OBJECT:
    case BARE_OBJECT:
      return readObject(reader, source, depth, kind === OBJECT ? {} : (Object.create(null) as object));
    case MAP: {
      const map = new Map<PlainData, PlainData>();
      readKeys(reader, source, (key) => map.set(key, readData(reader, source, depth + 1)).size);
      return map;
    }
    case SET: {
      const set = new Set<PlainData>();
      readKeys(reader, source, (key) => set.add(key).size);
      return set;
    }
    default:
      throw malformed(`unknown kind of data ${kind}`);
  }
}

function readObject(reader: ByteReader, source: Source, depth: number, object: object): PlainData {
  const seen = new Set<string>();
  readKeys(reader, source, (key) => {
    if (typeof key !== 'string') throw malformed('a key of an object that is not a string');
    const value = readData(reader, source, depth + 1);
    // Plain assignment to `__proto__` would change the object's class instead.
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    return seen.add(key).size;
  });
  return object as PlainData;
}

/** `take` stores what belongs to a key and returns how many keys are stored then. */
function readKeys(reader: ByteReader, source: Source, take: (key: PlainData) => number): void {
  const count = reader.u32();
  let previous: Uint8Array | undefined;
  for (let index = 0; index < count; index++) {
    const start = reader.offset;
    const key = readData(reader, source, MAX_DATA_DEPTH);
    const keyBytes = source.bytes.subarray(start, reader.offset);
    if (source.order === 'sorted' && previous !== undefined && compareBytes(previous, keyBytes) >= 0)
      throw malformed('keys out of order');
    if (Object.is(key, -0)) throw malformed('minus zero as a key');
    previous = keyBytes;
    if (take(key) !== index + 1) throw malformed('a key that is there twice');
  }
}

function readNumber(reader: ByteReader): number {
  const bytes = reader.raw(8);
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  scratch.setFloat64(0, Number.isNaN(value) ? Number.NaN : value, true);
  if (!equalBytes(scratchBytes, bytes)) throw malformed('an unusual spelling of NaN');
  return value;
}

function readString(reader: ByteReader): string {
  const bytes = reader.block();
  const value = decodeUtf8(bytes);
  if (!equalBytes(encodeUtf8(value), bytes)) throw malformed('a string that is not UTF-8');
  return value;
}

function readRaggedString(reader: ByteReader): string {
  const count = reader.u32();
  const units: string[] = [];
  for (let index = 0; index < count; index++) units.push(String.fromCharCode(reader.u16()));
  const value = units.join('');
  if (!isRagged(value)) throw malformed('a string in the wrong form');
  return value;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
