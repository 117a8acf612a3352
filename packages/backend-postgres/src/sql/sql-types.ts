/** Questions about types, answered carefully: what is not known counts as the dangerous answer. */
import type { Catalog, TypeInfo } from './catalog.ts';
import type { MaybeType } from './scope.ts';
import { namesOf, nodesOf, type SqlNode } from './tree.ts';

const SPELLINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    serial: 'int4',
    serial4: 'int4',
    bigserial: 'int8',
    serial8: 'int8',
    smallserial: 'int2',
    serial2: 'int2',
  }),
);

/** Undefined when there is no such type, or it is given by way of a column (`t.a%TYPE`). */
export function typeNamed(typeName: SqlNode, catalog: Catalog): TypeInfo | undefined {
  const names = namesOf(typeName, 'names');
  const name = names.at(-1) ?? '';
  if (typeName['pct_type'] === true) return undefined;
  const isArray = nodesOf(typeName, 'arrayBounds').length > 0;
  const plain = SPELLINGS.get(name) ?? name;
  return catalog.typeNamed(names.length > 1 ? (names.at(-2) ?? '') : '', isArray ? `_${plain}` : plain);
}

/** May a value of this type be, or hold inside, a date or a time of day? */
export function isTimeLike(type: MaybeType, catalog: Catalog): boolean {
  if (type === 'unknown' || type === undefined) return true;
  return infoOf(type, catalog)?.isTimeLike ?? true;
}

export function isFloatLike(type: MaybeType, catalog: Catalog): boolean {
  if (type === undefined) return true;
  if (type === 'unknown') return false;
  return infoOf(type, catalog)?.isFloatLike ?? true;
}

/** Texts, and what can hold any text: cast to a time they are read by the rules of text. */
export function isTextLike(type: string): boolean {
  return (
    /^_?(text|varchar|bpchar|name|char|unknown|cstring|json|jsonb|xml)$/.test(type) || type.includes('.')
  );
}

export function isNumber(type: MaybeType): boolean {
  return type !== undefined && /^(int2|int4|int8|numeric)$/.test(type);
}

function infoOf(type: string, catalog: Catalog): TypeInfo | undefined {
  return catalog.types.get(type);
}
