/** The FROM clause: which tables a query reads, and which equalities its joins promise. */
import type { Relation } from './catalog.ts';
import { examineExpression } from './examine-expression.ts';
import { examineQuery } from './examine-query.ts';
import { examineView } from './examine-stored.ts';
import type { Place } from './findings.ts';
import { refuse } from './refusal.ts';
import { type Determination, equalitiesOf, equalitiesOfUsing } from './row-order.ts';
import { findWithQuery, type Scope, type ScopeTable, tableOfRelation, tableOfShape } from './scope.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';

type Equalities = ConstructorParameters<typeof Determination>[1];

export type From = {
  readonly tables: readonly ScopeTable[];
  readonly equalities: Equalities;
  /** One function or list alone: its rows come in the order in which it makes them. */
  readonly usesProduction: boolean;
};

export function examineFrom(query: SqlNode, base: Scope, place: Place): From {
  const items = nodesOf(query, 'fromClause');
  const tables: ScopeTable[] = [];
  const equalities: Equalities[number][] = [];
  const origins: boolean[] = [];
  for (const item of items) {
    const part = examineItem(item, { ...base, tables: [...tables] }, place);
    tables.push(...part.tables);
    equalities.push(...part.equalities);
    origins.push(part.usesProduction);
  }
  return { tables, equalities, usesProduction: items.length === 1 && origins[0] === true };
}

/** `scope` holds what stands to the left, which LATERAL may use. */
function examineItem(item: SqlNode, scope: Scope, place: Place): From {
  switch (item.kind) {
    case 'RangeVar':
      return alone(examineTableName(item, scope, place));
    case 'RangeSubselect':
      return examineSubselect(item, scope, place);
    case 'RangeFunction':
      return examineRangeFunction(item, scope, place);
    case 'JoinExpr':
      return examineJoin(item, scope, place);
    case 'RangeTableSample':
      return refuse('TABLESAMPLE takes rows by chance', 'choose rows by a condition on their key');
    default:
      return refuse(
        `${item.kind} in FROM is not known to the examination`,
        'use tables, sub-queries and functions',
      );
  }
}

function alone(table: ScopeTable, usesProduction = false): From {
  return { tables: [table], equalities: [], usesProduction };
}

function aliasOf(item: SqlNode): { readonly name: string; readonly columns: readonly string[] } {
  const alias = nodeOf(item, 'alias');
  return alias === undefined
    ? { name: '', columns: [] }
    : { name: textOf(alias, 'aliasname'), columns: namesOf(alias, 'colnames') };
}

function examineTableName(item: SqlNode, scope: Scope, place: Place): ScopeTable {
  const name = textOf(item, 'relname');
  const alias = aliasOf(item);
  const shape = textOf(item, 'schemaname') === '' ? findWithQuery(name, scope) : undefined;
  if (shape !== undefined) return tableOfShape(shape, alias.name || name, alias.columns);
  const relation = findRelation(item, place);
  assertReadable(relation);
  place.findings.reads = true;
  const table = { ...tableOfRelation(relation, alias.name || name), keys: keysOfView(relation, place) };
  // With columns renamed the keys would have to be renamed too: nothing is claimed about them.
  if (alias.columns.length > 0) return { name: table.name, columns: undefined };
  return table;
}

/** A view's rows are those of its query; `NULL` cannot come from an outer join into a key that `keysOf` found. */
function keysOfView(relation: Relation, place: Place): readonly (readonly string[])[] {
  if (relation.relationKind !== 'v') return [];
  const { findings, shape } = examineView(relation, place.catalog);
  place.findings.absorb(findings);
  return shape.keys ?? [];
}

/** @throws Refusal when there is none, or it belongs to the system or to the replication */
export function findRelation(item: SqlNode, { catalog }: Pick<Place, 'catalog'>): Relation {
  const schema = textOf(item, 'schemaname');
  const name = textOf(item, 'relname');
  const shown = schema === '' ? name : `${schema}.${name}`;
  if (schema === 'quorate') refuse(`${shown} belongs to the replication`, 'leave it alone');
  const relation = catalog.relation(schema, name);
  if (relation !== undefined) return relation;
  if (schema === 'pg_catalog' || schema === 'information_schema' || name.startsWith('pg_'))
    refuse(
      `${shown} tells about one server: numbers and order differ`,
      'read it in a command of its own, and pass values',
    );
  return refuse(
    `the table ${shown} does not exist here`,
    'create it first, as a command of its own; if that has just been done, try again',
  );
}

function assertReadable({ name, relationKind, isUnlogged, hasRowSecurity }: Relation): void {
  if (relationKind === 'f')
    refuse(
      `${name} is a foreign table: each replica would read it at another time`,
      'copy its rows through commands',
    );
  if (relationKind === 'm')
    refuse(`${name} is a materialized view, which one server may have refreshed`, 'read the tables below it');
  if (relationKind === 'S') refuse(`${name} is a sequence`, 'use nextval()');
  if (isUnlogged)
    refuse(`${name} is unlogged: it is empty after a crash of one server`, `ALTER TABLE ${name} SET LOGGED`);
  if (hasRowSecurity)
    refuse(`${name} has row level security, which depends on the role of the connection`, 'use a view');
}

function examineSubselect(item: SqlNode, scope: Scope, place: Place): From {
  const query = nodeOf(item, 'subquery');
  const alias = aliasOf(item);
  if (query === undefined) return refuse('a sub-query without a query', 'correct the SQL');
  const isLateral = item['lateral'] === true;
  const around: Scope = isLateral ? scope : { ...scope, tables: [] };
  const shape = examineQuery(query, around, { ...place, isPerRow: true });
  const table = tableOfShape(shape, alias.name, alias.columns);
  return alone(table, shape.order === 'ordered');
}

function examineRangeFunction(item: SqlNode, scope: Scope, place: Place): From {
  const alias = aliasOf(item);
  let name = alias.name;
  let isOrdered = true;
  let isPlain = true;
  for (const list of nodesOf(item, 'functions')) {
    const [call, definitions] = nodesOf(list, 'items');
    if (call === undefined) continue;
    // Arguments may come from tables to the left: then it runs once for each of their rows.
    const inner = { ...place, isPerRow: place.isPerRow || scope.tables.length > 0 };
    examineExpression(call, scope, inner);
    const called = call.kind === 'FuncCall' ? (namesOf(call, 'funcname').at(-1) ?? '') : '';
    name ||= called;
    isPlain &&= definitions === undefined;
    isOrdered &&= place.catalog.functionsNamed('', called).every(({ schema }) => schema === 'pg_catalog');
  }
  const definitions = nodesOf(item, 'coldeflist');
  if (definitions.length > 0 || !isPlain)
    refuse('a function with a column definition list reads text as other types', 'cast field by field');
  return alone({ name, columns: undefined }, isOrdered && scope.tables.length === 0);
}

const BOTH = (): boolean => true;

function examineJoin(item: SqlNode, scope: Scope, place: Place): From {
  const left = sideOf(item, 'larg', scope, place);
  const right = sideOf(item, 'rarg', { ...scope, tables: [...scope.tables, ...left.tables] }, place);
  const tables = [...left.tables, ...right.tables];
  const inside: Scope = { ...scope, tables: [...scope.tables, ...tables] };
  const condition = nodeOf(item, 'quals');
  if (condition !== undefined) examineExpression(condition, inside, { ...place, isPerRow: true });
  const join = textOf(item, 'jointype');
  const names = (side: From): Set<string> => new Set(side.tables.map((table) => table.name));
  const [ofLeft, ofRight] = [names(left), names(right)];
  // In an outer join the condition fixes rows of the side that may be missing, never of the side that is kept.
  const mayFix =
    join === 'JOIN_INNER'
      ? BOTH
      : (table: string): boolean =>
          join === 'JOIN_LEFT' ? ofRight.has(table) : join === 'JOIN_RIGHT' && ofLeft.has(table);
  const using =
    item['isNatural'] === true ? sharedColumns(left.tables, right.tables) : namesOf(item, 'usingClause');
  const equalities = [
    ...left.equalities,
    ...right.equalities,
    ...equalitiesOf(condition, inside, mayFix),
    ...equalitiesOfUsing(using, tables).filter(({ column }) => mayFix(column.slice(0, column.indexOf('.')))),
  ];
  return { tables, equalities, usesProduction: false };
}

function sideOf(item: SqlNode, field: 'larg' | 'rarg', scope: Scope, place: Place): From {
  const side = nodeOf(item, field);
  return side === undefined
    ? { tables: [], equalities: [], usesProduction: false }
    : examineItem(side, scope, place);
}

function sharedColumns(left: readonly ScopeTable[], right: readonly ScopeTable[]): readonly string[] {
  const names = left.flatMap((table) => [...(table.columns?.keys() ?? [])]);
  return names.filter((name) => right.some((table) => table.columns?.has(name) === true));
}
