/** Types of the catalog: their names, and which of them can hold a time or a floating point number inside. */
import { type CatalogRows, isSystem, type SqlType, type TypeInfo } from './catalog.ts';

type TypeRow = {
  readonly oid: string;
  readonly name: SqlType;
  /** As in pg_type: b base, c composite, d domain, e enum, r range, m multirange, p pseudo. */
  readonly typeKind: string;
  /** What it is made of: element, base type, range subtype, columns. */
  readonly parts: readonly string[];
  readonly base: string | undefined;
  readonly default: string | undefined;
};

const TIMES = new Set(['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'abstime']);
const FLOATS = new Set([
  'float4',
  'float8',
  'point',
  'line',
  'lseg',
  'box',
  'path',
  'polygon',
  'circle',
  'cube',
]);

export class TypeTable {
  readonly byName: ReadonlyMap<string, TypeInfo>;
  readonly #rows: ReadonlyMap<string, TypeRow>;
  readonly #checks: ReadonlyMap<string, readonly string[]>;

  constructor(rows: CatalogRows) {
    const columnTypes = new Map<string, string[]>();
    for (const column of rows.COLUMNS) {
      const owner = column[0] ?? '';
      columnTypes.set(owner, [...(columnTypes.get(owner) ?? []), column[2] ?? '']);
    }
    const checks = new Map<string, string[]>();
    for (const row of rows.CONSTRAINTS)
      if (row[1] !== '0' && row[8] !== null)
        checks.set(row[1] ?? '', [...(checks.get(row[1] ?? '') ?? []), row[8] ?? '']);
    this.#checks = checks;
    this.#rows = new Map(rows.TYPES.map((row) => [row[0] ?? '', typeRowOf(row, columnTypes)]));
    const byName = new Map<string, TypeInfo>();
    for (const row of this.#rows.values())
      byName.set(row.name, {
        type: this.nameOf(row.oid),
        isTimeLike: this.#holds(row.oid, TIMES, new Set()),
        isFloatLike: this.#holds(row.oid, FLOATS, new Set()),
        checks: this.checksOf(row.oid),
        isComposite: row.typeKind === 'c',
      });
    this.byName = byName;
  }

  /** A domain gives the type below it. */
  nameOf(oid: string): SqlType {
    const row = this.#rows.get(oid);
    if (row === undefined) return `?${oid}`;
    return row.base === undefined ? row.name : this.nameOf(row.base);
  }

  /** Checks of a domain and of the domains below it. */
  checksOf(oid: string): readonly string[] {
    const row = this.#rows.get(oid);
    if (row?.base === undefined) return [];
    return [...(this.#checks.get(oid) ?? []), ...this.checksOf(row.base)];
  }

  /** The default of a domain, for columns without one of their own. */
  defaultOf(oid: string): string | undefined {
    const row = this.#rows.get(oid);
    if (row?.base === undefined) return undefined;
    return row.default ?? this.defaultOf(row.base);
  }

  #holds(oid: string, names: ReadonlySet<string>, seen: Set<string>): boolean {
    if (seen.has(oid)) return false;
    seen.add(oid);
    const row = this.#rows.get(oid);
    if (row === undefined) return true;
    return names.has(row.name) || row.parts.some((part) => this.#holds(part, names, seen));
  }
}

function typeRowOf(
  [oid, schema, name, typeKind, element, base, relation, subtype, , defaultText]: readonly (string | null)[],
  columnTypes: ReadonlyMap<string, readonly string[]>,
): TypeRow {
  const isDomain = typeKind === 'd';
  const parts = [element, subtype, isDomain ? base : null].filter(
    (part): part is string => part !== null && part !== undefined && part !== '0',
  );
  return {
    oid: oid ?? '',
    name: isSystem(schema ?? '') ? (name ?? '') : `${schema}.${name}`,
    typeKind: typeKind ?? '',
    parts: [...parts, ...(relation === '0' ? [] : (columnTypes.get(relation ?? '') ?? []))],
    base: isDomain ? (base ?? undefined) : undefined,
    default: defaultText ?? undefined,
  };
}
