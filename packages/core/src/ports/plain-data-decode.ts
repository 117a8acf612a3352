/**
 * Bytes to plain data. Total: plain data or `WIRE_MALFORMED`, in time and memory in proportion to the bytes. Copies
 * what it keeps. With 'sorted' every data has exactly one spelling that is accepted. The format is in `plain-data.ts`.
 */
import { ByteReader, decodeUtf8, encodeUtf8, equalBytes, malformed } from '@quorate/wire';
import {
  compareBytes,
  type DataOrder,
  isRagged,
  KIND,
  MAX_DATA_DEPTH,
  numberBytes,
  type PlainData,
} from './plain-data.ts';

/** The inverse of `encodeData` with the same order. @throws QuorateError WIRE_MALFORMED */
export function decodeData(bytes: Uint8Array, order: DataOrder): PlainData {
  const reader = new ByteReader(bytes);
  const data = readData(reader, { bytes, order }, 0);
  reader.end();
  return data;
}

type Source = { readonly bytes: Uint8Array; readonly order: DataOrder };

function readData(reader: ByteReader, source: Source, depth: number): PlainData {
  const kind = reader.u8();
  if (kind >= KIND.bytes && depth >= MAX_DATA_DEPTH)
    throw malformed(`data nested more than ${MAX_DATA_DEPTH} deep`);
  switch (kind) {
    case KIND.undefined:
      return undefined;
    case KIND.null:
      return null;
    case KIND.false:
      return false;
    case KIND.true:
      return true;
    case KIND.number:
      return readNumber(reader);
    case KIND.string:
      return readString(reader);
    case KIND.raggedString:
      return readRaggedString(reader);
    case KIND.bytes:
      return reader.block().slice();
    case KIND.array: {
      const elements: PlainData[] = [];
      for (let left = reader.u32(); left > 0; left--) elements.push(readData(reader, source, depth + 1));
      return elements;
    }
    case KIND.object:
    case KIND.bareObject:
      return readObject(reader, source, depth, kind === KIND.object ? {} : (Object.create(null) as object));
    case KIND.map: {
      const map = new Map<PlainData, PlainData>();
      readKeys(reader, source, (key) => map.set(key, readData(reader, source, depth + 1)).size);
      return map;
    }
    case KIND.set: {
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
  if (!equalBytes(numberBytes(value), bytes)) throw malformed('an unusual spelling of NaN');
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
