/**
 * Plain data to bytes. What would not come back as it was is refused with the path to it: dates, class instances,
 * functions, holes in arrays, the same object in two places. The format is in `plain-data.ts`.
 */
import { ByteWriter, QuorateError } from '@quorate/wire';
import { compareBytes, type DataOrder, isRagged, KIND, MAX_DATA_DEPTH, numberBytes } from './plain-data.ts';

/**
 * `name` is what the data is called in errors.
 * @throws QuorateError ARGUMENT for what is not plain data, with the path to it
 */
export function encodeData(data: unknown, order: DataOrder, name = 'data'): Uint8Array {
  const out = new ByteWriter();
  writeData(out, data, { path: name, depth: 0, order, met: new Set() });
  return out.bytes();
}

type Place = {
  readonly path: string;
  readonly depth: number;
  readonly order: DataOrder;
  /** Every object met so far: one that is in two places would come back as two objects. */
  readonly met: Set<object>;
};

function writeData(out: ByteWriter, data: unknown, place: Place): void {
  if (data === undefined) out.u8(KIND.undefined);
  else if (data === null) out.u8(KIND.null);
  else if (typeof data === 'boolean') out.u8(data ? KIND.true : KIND.false);
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
    out.u8(KIND.bytes);
    out.block(data);
  } else if (Array.isArray(data)) {
    out.u8(KIND.array);
    writeElements(out, data, place);
  } else if (data instanceof Map) {
    out.u8(KIND.map);
    writePairs(out, [...data.keys()], [...data.values()], place);
  } else if (data instanceof Set) {
    out.u8(KIND.set);
    writePairs(out, [...data], undefined, place);
  } else if (prototype === Object.prototype || prototype === null) {
    if (Object.getOwnPropertySymbols(data).length > 0)
      throw notPlain(place.path, 'an object with symbols as keys');
    out.u8(prototype === null ? KIND.bareObject : KIND.object);
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

function writeNumber(out: ByteWriter, value: number): void {
  out.u8(KIND.number);
  out.raw(numberBytes(value));
}

function writeString(out: ByteWriter, value: string): void {
  if (!isRagged(value)) {
    out.u8(KIND.string);
    out.text(value);
    return;
  }
  out.u8(KIND.raggedString);
  out.u32(value.length);
  for (let index = 0; index < value.length; index++) out.u16(value.charCodeAt(index));
}
