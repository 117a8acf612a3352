/**
 * A SELECT inside a write: the set of rows must be certain, and where their order matters, the order as well.
 * Reading is allowed from tables, views, sub-queries and functions; the answer says how the rows are ordered.
 */

import { examineExpression, examineOperand } from './examine-expression.ts';
import { examineFrom } from './examine-from.ts';
import type { Place } from './findings.ts';
import { keysOf, nameOf, orderOf, sortKeys } from './query-order.ts';
import { refuse } from './refusal.ts';
import { Determination, equalitiesOf } from './row-order.ts';
import { EMPTY_SCOPE, type MaybeType, type QueryShape, type Scope } from './scope.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';

export type QueryUse = {
  /** Only whether there is a row matters: LIMIT needs no order. */
  readonly isExistence?: boolean;
  /** Types of the columns that the rows go into. */
  readonly expected?: readonly MaybeType[];
};

/** @throws Refusal */
export function examineQuery(
  query: SqlNode,
  outer: Scope | undefined,
  place: Place,
  use: QueryUse = {},
): QueryShape {
  if (query.kind !== 'SelectStmt') return refuse(`${query.kind} where a query is expected`, 'use SELECT');
  if (nodeOf(query, 'intoClause') !== undefined)
    refuse('SELECT INTO makes a table', 'write CREATE TABLE ... AS SELECT ...');
  assertLocking(query);
  const withQueries = examineWith(nodeOf(query, 'withClause'), outer, place);
  const base: Scope = { ...EMPTY_SCOPE, outer, withQueries };
  if (textOf(query, 'op') !== 'SETOP_NONE') return examineSetOperation(query, base, place, use);
  if (nodesOf(query, 'valuesLists').length > 0) return examineValues(query, base, place, use);
  return examineSelect(query, base, place, use);
}

function assertLocking(query: SqlNode): void {
  for (const lock of nodesOf(query, 'lockingClause'))
    if (textOf(lock, 'waitPolicy') === 'LockWaitSkip')
      refuse(
        'SKIP LOCKED skips what one server has locked',
        'leave out FOR UPDATE SKIP LOCKED: commands run one at a time',
      );
}

/** The WITH queries of a statement that only read. Those that change rows are examined by `examine-rows.ts`. */
export function examineWith(
  clause: SqlNode | undefined,
  outer: Scope | undefined,
  place: Place,
  examineWrite?: (statement: SqlNode, scope: Scope) => QueryShape,
): ReadonlyMap<string, QueryShape> {
  const shapes = new Map<string, QueryShape>();
  if (clause === undefined) return shapes;
  for (const entry of nodesOf(clause, 'ctes')) {
    const name = textOf(entry, 'ctename');
    const query = nodeOf(entry, 'ctequery');
    if (query === undefined) continue;
    if (clause['recursive'] === true) shapes.set(name, { columns: undefined, order: 'any' });
    const scope: Scope = { ...EMPTY_SCOPE, outer, withQueries: new Map(shapes) };
    if (query.kind !== 'SelectStmt' && examineWrite === undefined)
      refuse(
        'a WITH query that changes rows stands inside another query',
        'put it at the beginning of the statement',
      );
    // It may run or not, as the planner likes: nothing in it may take the next of anything.
    const inner = { ...place, isPerRow: true };
    const shape =
      query.kind === 'SelectStmt' ? examineQuery(query, scope, inner) : examineWrite?.(query, scope);
    if (shape === undefined) continue;
    const names = namesOf(entry, 'aliascolnames');
    const columns = shape.columns?.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
    // How rows come out of a WITH query again is the planner's choice.
    shapes.set(name, { columns, order: shape.order === 'single' ? 'single' : 'any' });
  }
  return shapes;
}

function examineSetOperation(query: SqlNode, scope: Scope, place: Place, use: QueryUse): QueryShape {
  const inner: Place = { ...place, isPerRow: true };
  const [left, right] = (['larg', 'rarg'] as const).map((side) => {
    const part = nodeOf(query, side);
    return part === undefined ? undefined : examineQuery(part, scope, inner);
  });
  const columns = left?.columns?.map((column, index) => ({
    name: column.name,
    type: column.type === right?.columns?.[index]?.type ? column.type : undefined,
  }));
  const sortedBy = new Set(
    nodesOf(query, 'sortClause').map((sort) => {
      const key = nodeOf(sort, 'node');
      if (key?.kind === 'A_Const') return columns?.[Number(textOf(key, 'value')) - 1]?.name;
      return key?.kind === 'ColumnRef' ? namesOf(key, 'fields').at(-1) : undefined;
    }),
  );
  const isOrdered = columns !== undefined && columns.every(({ name }) => sortedBy.has(name));
  examineLimit(query, scope, place, isOrdered, use);
  const isUnion = query['all'] !== true && columns !== undefined;
  const keys = isUnion ? [columns.map(({ name }) => name)] : [];
  return { columns, keys, order: isOrdered ? 'ordered' : 'any' };
}

function examineValues(query: SqlNode, scope: Scope, place: Place, { expected = [] }: QueryUse): QueryShape {
  const rows = nodesOf(query, 'valuesLists');
  let types: MaybeType[] = [];
  for (const [number, row] of rows.entries()) {
    const found = nodesOf(row, 'items').map((item, index) =>
      examineOperand(item, scope, place, expected[index]),
    );
    if (number === 0) types = found;
  }
  if (nodesOf(query, 'sortClause').length > 0 || hasLimit(query))
    refuse('VALUES with ORDER BY or LIMIT', 'write the rows in the order and number that you want');
  const columns = types.map((type, index) => ({ name: `column${index + 1}`, type }));
  return { columns, order: rows.length <= 1 ? 'single' : 'ordered' };
}

function examineSelect(query: SqlNode, base: Scope, place: Place, use: QueryUse): QueryShape {
  const { tables, equalities, usesProduction } = examineFrom(query, base, place);
  const open: Scope = { ...base, tables, windows: windowsOf(query) };
  const where = nodeOf(query, 'whereClause');
  const determination = new Determination(tables, [...equalities, ...equalitiesOf(where, open)]);
  const scope: Scope = { ...open, determination };
  const isSingleInput = determination.isSingle();
  const inner: Place = { ...place, isPerRow: place.isPerRow || !isSingleInput };
  if (where !== undefined) examineExpression(where, scope, { ...place, isPerRow: true });
  const grouping = nodesOf(query, 'groupClause');
  const having = nodeOf(query, 'havingClause');
  const targets = nodesOf(query, 'targetList');
  for (const group of grouping) if (!namesTarget(group, targets)) examineExpression(group, scope, inner);
  if (having !== undefined) examineExpression(having, scope, inner);
  const columns = examineTargets(targets, scope, inner, use);
  const keys = sortKeys(query, targets);
  for (const key of keys) examineExpression(key, scope, inner);
  const order = orderOf(query, scope, place, { keys, isSingleInput, usesProduction });
  examineLimit(query, scope, place, order !== 'any', use);
  const unique = keysOf(query, columns, scope, place);
  return { columns, keys: unique, order: isLimitedToOne(query) && order === 'ordered' ? 'single' : order };
}

function windowsOf(query: SqlNode): ReadonlyMap<string, SqlNode> {
  return new Map(nodesOf(query, 'windowClause').map((each) => [textOf(each, 'name'), each]));
}

/** `GROUP BY 1` and `GROUP BY name` can mean a target, which is examined itself. */
function namesTarget(group: SqlNode, targets: readonly SqlNode[]): boolean {
  if (group.kind === 'A_Const') return true;
  const names = group.kind === 'ColumnRef' ? namesOf(group, 'fields') : [];
  return names.length === 1 && targets.some((target) => textOf(target, 'name') === names[0]);
}

/** `*` leaves the columns unknown unless there is one table with known ones. */
function examineTargets(
  targets: readonly SqlNode[],
  scope: Scope,
  place: Place,
  { expected = [] }: QueryUse,
): QueryShape['columns'] {
  const columns: { name: string; type: MaybeType }[] = [];
  let isKnown = true;
  for (const target of targets) {
    const value = nodeOf(target, 'val');
    if (value === undefined) continue;
    if (isStar(value)) {
      const own = starColumns(value, scope);
      if (own === undefined) isKnown = false;
      else columns.push(...own);
      continue;
    }
    const type = examineOperand(value, scope, place, isKnown ? expected[columns.length] : undefined);
    columns.push({ name: textOf(target, 'name') || nameOf(value), type });
  }
  return isKnown ? columns : undefined;
}

function isStar(value: SqlNode): boolean {
  return value.kind === 'ColumnRef' && namesOf(value, 'fields').at(-1) === '*';
}

function starColumns(star: SqlNode, scope: Scope): { name: string; type: MaybeType }[] | undefined {
  const table = namesOf(star, 'fields').at(-2);
  const own = scope.tables.filter((each) => table === undefined || each.name === table);
  if (own.length === 0 || own.some((each) => each.columns === undefined)) return undefined;
  return own.flatMap((each) => [...(each.columns ?? [])].map(([name, type]) => ({ name, type })));
}

function hasLimit(query: SqlNode): boolean {
  return nodeOf(query, 'limitCount') !== undefined || nodeOf(query, 'limitOffset') !== undefined;
}

function isLimitedToOne(query: SqlNode): boolean {
  const count = nodeOf(query, 'limitCount');
  return (
    count?.kind === 'A_Const' &&
    textOf(count, 'value') === '1' &&
    textOf(query, 'limitOption') !== 'LIMIT_OPTION_WITH_TIES'
  );
}

function examineLimit(query: SqlNode, scope: Scope, place: Place, isOrdered: boolean, use: QueryUse): void {
  if (!hasLimit(query)) return;
  for (const field of ['limitCount', 'limitOffset']) {
    const value = nodeOf(query, field);
    if (value !== undefined) examineOperand(value, scope, place, 'int8');
  }
  const isWithTies =
    textOf(query, 'limitOption') === 'LIMIT_OPTION_WITH_TIES' && nodeOf(query, 'limitOffset') === undefined;
  if (isOrdered || isWithTies || use.isExistence === true) return;
  refuse('LIMIT takes rows in no certain order', 'end ORDER BY with a unique key, such as the primary key');
}
