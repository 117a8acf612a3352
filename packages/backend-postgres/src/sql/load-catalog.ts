/** From rows of the system catalog to a `Catalog`. */
import {
  Catalog,
  type CatalogRows,
  type Column,
  type ForeignKey,
  isSystem,
  type Relation,
  readCatalogRows,
  type Sequence,
  type SqlFunction,
  type TableEvent,
  type Trigger,
  type UniqueKey,
} from './catalog.ts';
import type { CatalogReader } from './command.ts';
import { TypeTable } from './type-table.ts';

type Row = readonly (string | null)[];

/** `epoch` is what the store held when the reader's transaction began. */
export async function loadCatalog(reader: CatalogReader, epoch: number): Promise<Catalog> {
  const rows = await readCatalogRows(reader);
  const types = new TypeTable(rows);
  return new Catalog({
    epoch,
    searchPath: listOf(rows.SEARCH_PATH[0]?.[0] ?? '[]'),
    relations: relationsOf(rows, types),
    foreignKeys: rows.CONSTRAINTS.filter((row) => row[3] === 'f').map(foreignKeyOf),
    functions: functionsOf(rows, types),
    foreignOperators: new Map(
      rows.OPERATORS.map(([name, extension]) => [name ?? '', extension ?? undefined]),
    ),
    userCasts: rows.CASTS.map(([from, to]) => `${from} as ${to}`),
    types: types.byName,
    sequences: new Map(rows.SEQUENCES.map(sequenceOf).map((each) => [`${each.schema}.${each.name}`, each])),
  });
}

function relationsOf(rows: CatalogRows, types: TypeTable): Map<string, Relation> {
  const columns = grouped(rows.COLUMNS);
  const indexes = grouped(rows.INDEXES);
  const constraints = grouped(rows.CONSTRAINTS);
  const triggers = grouped(rows.TRIGGERS);
  const parents = new Set(rows.RELATIONS.flatMap((row) => listOf(row[8] ?? '[]')));
  const relations = new Map<string, Relation>();
  for (const row of rows.RELATIONS) {
    const oid = row[0] ?? '';
    const ownIndexes = indexes.get(oid) ?? [];
    const ownConstraints = constraints.get(oid) ?? [];
    relations.set(`${row[1]}.${row[2]}`, {
      oid,
      schema: row[1] ?? '',
      name: row[2] ?? '',
      relationKind: row[3] ?? '',
      isUnlogged: row[4] !== 'p',
      hasRowSecurity: row[5] === 'true',
      hasRules: row[6] === 'true',
      definition: row[7] ?? undefined,
      parents: listOf(row[8] ?? '[]'),
      columns: new Map((columns.get(oid) ?? []).map((each) => [each[1] ?? '', columnOf(each, types)])),
      // A key of a table with heirs does not reach their rows; that of a partitioned table does.
      keys: row[3] === 'r' && parents.has(oid) ? [] : ownIndexes.flatMap(keyOf),
      rowExpressions: [
        ...ownConstraints.map((each) => each[8]),
        ...ownIndexes.flatMap((each) => [each[5], each[6]]),
      ].filter((each): each is string => each !== null && each !== undefined),
      immediateKeyColumns: new Set(ownIndexes.flatMap(immediateColumns)),
      deferredConstraint: ownConstraints.find((each) => each[4] === 'true')?.[2] ?? undefined,
      triggers: (triggers.get(oid) ?? []).map(triggerOf),
    });
  }
  return relations;
}

function columnOf(row: Row, types: TypeTable): Column {
  return {
    name: row[1] ?? '',
    type: types.nameOf(row[2] ?? ''),
    isNotNull: row[3] === 'true',
    isIdentity: row[4] !== '',
    isGenerated: row[5] !== '',
    expression: row[6] ?? types.defaultOf(row[2] ?? ''),
    isLoose: isLoose(types.nameOf(row[2] ?? ''), row[7] ?? '-1'),
    domainChecks: types.checksOf(row[2] ?? ''),
  };
}

const LOOSE = new Set(['interval', 'timetz', 'jsonb', 'float4', 'float8']);

function isLoose(type: string, modifier: string): boolean {
  return LOOSE.has(type) || type.endsWith('citext') || (type === 'numeric' && modifier === '-1');
}

/** Keys that name a row for certain: no predicate, no expression. */
function keyOf(row: Row): UniqueKey[] {
  if (row[1] !== 'true' || row[3] === 'true') return [];
  return [{ columns: listOf(row[4] ?? '[]'), isImmediate: row[2] === 'true' }];
}

/** Plain columns, and every word of expressions and predicates: more than needed does no harm. */
function immediateColumns(row: Row): string[] {
  const isChecked = row[2] === 'true' && (row[1] === 'true' || row[7] === 'true');
  if (!isChecked) return [];
  return [...listOf(row[4] ?? '[]'), ...`${row[5] ?? ''} ${row[6] ?? ''}`.split(/[^\p{L}\p{N}_$]+/u)];
}

const EVENTS: readonly (readonly [number, TableEvent])[] = [
  [4, 'insert'],
  [8, 'delete'],
  [16, 'update'],
  [32, 'truncate'],
];

function triggerOf(row: Row): Trigger {
  const bits = Number(row[3]);
  return {
    name: row[1] ?? '',
    functionOid: row[2] ?? '',
    isRow: (bits & 1) !== 0,
    events: new Set(EVENTS.filter(([bit]) => (bits & bit) !== 0).map(([, event]) => event)),
    conditional: row[6] ?? undefined,
  };
}

function foreignKeyOf(row: Row): ForeignKey {
  return { table: row[0] ?? '', references: row[5] ?? '', onDelete: row[6] ?? '', onUpdate: row[7] ?? '' };
}

function functionsOf(rows: CatalogRows, types: TypeTable): Map<string, SqlFunction[]> {
  const functions = new Map<string, SqlFunction[]>();
  for (const row of rows.FUNCTIONS) {
    const schema = row[1] ?? '';
    const name = row[2] ?? '';
    const each: SqlFunction = {
      oid: row[0] ?? '',
      schema,
      name,
      functionKind: row[3] ?? '',
      volatility: row[4] === 'i' || row[4] === 's' ? row[4] : 'v',
      language: row[5] ?? '',
      returns: types.nameOf(row[6] ?? ''),
      arguments: listOf(row[7] ?? '[]').map((oid) => types.nameOf(oid)),
      argumentNames: isSystem(schema) ? [] : listOf(row[15] ?? '[]'),
      defaults: Number(row[8]),
      isVariadic: row[9] !== '0',
      returnsSet: row[12] === 'true',
      definition: row[10] ?? undefined,
      body: row[11] ?? '',
      hasSettings: row[13] === 'true',
      extension: row[14] ?? undefined,
    };
    const overloads = functions.get(name);
    if (overloads === undefined) functions.set(name, [each]);
    else overloads.push(each);
  }
  return functions;
}

function sequenceOf(row: Row): Sequence {
  return { schema: row[1] ?? '', name: row[2] ?? '', cache: Number(row[3]) };
}

/** By the first value of each row. */
function grouped(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = row[0] ?? '';
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function listOf(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.map((each) => (typeof each === 'string' ? each : '')) : [];
}
