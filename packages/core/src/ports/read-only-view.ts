/**
 * A view of plain data through which nothing can be changed: what a simple backend's reads get to see.
 *
 * Reads of parts give views of the parts, made when they are asked for; byte arrays are copied. Every attempt to change
 * throws a TypeError that says so. Views are as good as the data for reading: `Array.isArray`, iteration, `size`.
 */

/** A view on `data`, which stays what it is. Primitives are their own view. */
export function readOnlyView<Data>(data: Data): Data {
  return viewOf(data) as Data;
}

function viewOf(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if (data instanceof Uint8Array) return data.slice();
  if (data instanceof Map) return new Proxy(data, { ...REFUSALS, get: (map, key) => mapProperty(map, key) });
  if (data instanceof Set) return new Proxy(data, { ...REFUSALS, get: (set, key) => setProperty(set, key) });
  return new Proxy(data, { ...REFUSALS, get: objectProperty, getOwnPropertyDescriptor: describeProperty });
}

function refuse(): never {
  throw new TypeError('a read must not change the state');
}

const REFUSALS = {
  set: refuse,
  defineProperty: refuse,
  deleteProperty: refuse,
  setPrototypeOf: refuse,
  preventExtensions: refuse,
} as const;

function objectProperty(object: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(object, key);
  // A frozen property must be given as it is, says the language.
  return Reflect.getOwnPropertyDescriptor(object, key)?.configurable === false ? value : viewOf(value);
}

function describeProperty(object: object, key: string | symbol): PropertyDescriptor | undefined {
  const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined || descriptor.configurable === false) return descriptor;
  return { ...descriptor, value: viewOf(descriptor.value) };
}

function mapProperty(map: Map<unknown, unknown>, key: string | symbol): unknown {
  switch (key) {
    case 'size':
      return map.size;
    case 'get':
      return (wanted: unknown) => viewOf(map.get(wanted));
    case 'has':
      return (wanted: unknown) => map.has(wanted);
    case 'keys':
      return () => map.keys();
    case 'values':
      return () => views(map.values());
    case 'entries':
    case Symbol.iterator:
      return () => entryViews(map);
    case 'forEach':
      return (visit: (value: unknown, key: unknown) => void) => {
        for (const [one, value] of map) visit(viewOf(value), one);
      };
    case 'set':
    case 'delete':
    case 'clear':
      return refuse;
    default:
      return Reflect.get(map, key);
  }
}

function setProperty(set: Set<unknown>, key: string | symbol): unknown {
  switch (key) {
    case 'size':
      return set.size;
    case 'has':
      return (wanted: unknown) => set.has(wanted);
    case 'keys':
    case 'values':
    case Symbol.iterator:
      return () => set.values();
    case 'entries':
      return () => set.entries();
    case 'forEach':
      return (visit: (value: unknown, key: unknown) => void) => {
        for (const member of set) visit(member, member);
      };
    case 'add':
    case 'delete':
    case 'clear':
      return refuse;
    default:
      return Reflect.get(set, key);
  }
}

function* views(values: Iterable<unknown>): Generator<unknown> {
  for (const value of values) yield viewOf(value);
}

function* entryViews(map: Map<unknown, unknown>): Generator<[unknown, unknown]> {
  for (const [key, value] of map) yield [key, viewOf(value)];
}
