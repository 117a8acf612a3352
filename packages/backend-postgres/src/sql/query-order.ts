/** In which order the rows of a SELECT come, and which of its columns still name a row. */
import { assertOneSpelling, isTotal, sameExpression } from './examine-aggregate.ts';
import type { Place } from './findings.ts';
import { refuse } from './refusal.ts';
import { type QueryShape, resolve, type Scope } from './scope.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf, walk } from './tree.ts';

/** Keys of the tables below that are still keys of what comes out: of plain columns under their own names. */
export function keysOf(
  query: SqlNode,
  columns: QueryShape['columns'],
  scope: Scope,
  place: Place,
): readonly (readonly string[])[] {
  if (columns === undefined || nodesOf(query, 'groupClause').length > 0 || hasSetReturning(query, place))
    return [];
  const shown = new Map<string, string>();
  for (const target of nodesOf(query, 'targetList')) {
    const value = nodeOf(target, 'val');
    const found = value?.kind === 'ColumnRef' ? resolve(value, scope) : undefined;
    if (value !== undefined && found?.where === 'own')
      shown.set(found.key, textOf(target, 'name') || nameOf(value));
  }
  return scope.tables.flatMap((table) => {
    const keys = [...(table.keys ?? []), ...(table.relation?.keys ?? []).map((key) => key.columns)];
    return keys.flatMap((key) => {
      const own = key.map((name) => `${table.name}.${name}`);
      const names = own.flatMap((each) => shown.get(each) ?? []);
      return names.length === key.length && scope.determination?.fixes(own, 'listed') === true ? [names] : [];
    });
  });
}

/** What ORDER BY sorts by: positions and names of targets are resolved. */
export function sortKeys(query: SqlNode, targets: readonly SqlNode[]): readonly SqlNode[] {
  return nodesOf(query, 'sortClause').flatMap((sort) => {
    const key = nodeOf(sort, 'node');
    if (key === undefined) return [];
    if (key.kind === 'A_Const') return nodeOf(targets[Number(textOf(key, 'value')) - 1] ?? key, 'val') ?? [];
    const names = key.kind === 'ColumnRef' ? namesOf(key, 'fields') : [];
    const named =
      names.length === 1 ? targets.find((target) => textOf(target, 'name') === names[0]) : undefined;
    return [named === undefined ? key : (nodeOf(named, 'val') ?? key)];
  });
}

type OrderFacts = {
  readonly keys: readonly SqlNode[];
  readonly isSingleInput: boolean;
  /** Rows come from one function or list, in the order in which it makes them. */
  readonly usesProduction: boolean;
};

export function orderOf(
  query: SqlNode,
  scope: Scope,
  place: Place,
  { keys, isSingleInput, usesProduction }: OrderFacts,
): QueryShape['order'] {
  const grouping = nodesOf(query, 'groupClause');
  const distinct = nodesOfList(query, 'distinctClause');
  const hasSeries = hasSetReturning(query, place);
  if (grouping.length === 0 && hasAggregate(query, place)) return 'single';
  if (grouping.length > 0) {
    const columns = grouping.map((group) => groupTarget(group, query));
    for (const column of columns) assertOneSpelling(column, scope);
    return columns.every((group) => keys.some((key) => sameExpression(key, group))) && !hasSeries
      ? 'ordered'
      : 'any';
  }
  if (isSingleInput) return hasSeries ? 'ordered' : 'single';
  if (hasSeries) return 'any';
  if (distinct !== undefined) {
    const isOn = distinct.length > 0;
    if (isOn && !isTotal(keys, scope))
      refuse('DISTINCT ON keeps whichever row comes first', 'end ORDER BY with a unique key');
    const targets = nodesOf(query, 'targetList').flatMap((target) => nodeOf(target, 'val') ?? []);
    if (!isOn) for (const target of targets) assertOneSpelling(target, scope);
    const isAll = targets.every((target) => keys.some((key) => sameExpression(key, target)));
    return isOn || isAll ? 'ordered' : 'any';
  }
  if (keys.length === 0) return usesProduction ? 'ordered' : 'any';
  return isTotal(keys, scope) ? 'ordered' : 'any';
}

/** Plain DISTINCT is a list with nothing in it, which the tree keeps as an empty list. */
function nodesOfList(query: SqlNode, field: string): readonly SqlNode[] | undefined {
  return query[field] === undefined ? undefined : nodesOf(query, field);
}

function groupTarget(group: SqlNode, query: SqlNode): SqlNode {
  const targets = nodesOf(query, 'targetList');
  if (group.kind === 'A_Const')
    return nodeOf(targets[Number(textOf(group, 'value')) - 1] ?? group, 'val') ?? group;
  return group;
}

/** An aggregate among the targets and no GROUP BY: one row. Those in sub-queries and over windows do not count. */
function hasAggregate(query: SqlNode, { catalog }: Place): boolean {
  let found = false;
  walk(query['targetList'], (node) => {
    if (node.kind === 'SubLink') return false;
    if (node.kind !== 'FuncCall' || nodeOf(node, 'over') !== undefined) return undefined;
    const overloads = catalog.functionsNamed('', namesOf(node, 'funcname').at(-1) ?? '');
    found ||= overloads.length > 0 && overloads.every(({ functionKind }) => functionKind === 'a');
    return undefined;
  });
  return found;
}

/** Functions among the targets that give several rows for one. */
function hasSetReturning(query: SqlNode, { catalog }: Place): boolean {
  let found = false;
  walk(query['targetList'], (node) => {
    if (node.kind === 'SubLink') return false;
    const names = node.kind === 'FuncCall' ? namesOf(node, 'funcname') : [];
    found ||= catalog.functionsNamed('', names.at(-1) ?? '').some(({ returnsSet }) => returnsSet);
    return undefined;
  });
  return found;
}

/** The name that PostgreSQL gives a column without one. */
export function nameOf(value: SqlNode): string {
  if (value.kind === 'ColumnRef') return namesOf(value, 'fields').at(-1) ?? '';
  if (value.kind === 'FuncCall') return namesOf(value, 'funcname').at(-1) ?? '';
  const below = value.kind === 'TypeCast' ? nodeOf(value, 'arg') : undefined;
  return below === undefined ? '?column?' : nameOf(below);
}
