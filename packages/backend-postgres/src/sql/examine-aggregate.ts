/** Aggregates and window functions: does the answer depend on the order in which rows come? */

import { examineExpression } from './examine-expression.ts';
import type { Place } from './findings.ts';
import {
  FLOAT_AGGREGATES,
  ORDERED_AGGREGATES,
  SUMMING_AGGREGATES,
  WINDOWS_FOR_PEERS,
  WINDOWS_FOR_ROWS,
} from './function-lists.ts';
import { refuse } from './refusal.ts';
import { columnsIn } from './row-order.ts';
import { type MaybeType, resolve, type Scope } from './scope.ts';
import { isFloatLike } from './sql-types.ts';
import { nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';

/** @throws Refusal for an aggregate whose answer depends on the order of rows */
export function assertOrderedInside(
  node: SqlNode,
  name: string,
  types: readonly MaybeType[],
  scope: Scope,
  place: Place,
): void {
  if (FLOAT_AGGREGATES.has(name)) refuseFloats(name);
  if (SUMMING_AGGREGATES.has(name) && isFloatLike(types[0], place.catalog)) refuseFloats(name);
  if (name === 'min' || name === 'max')
    for (const each of nodesOf(node, 'args')) assertOneSpelling(each, scope);
  if (!ORDERED_AGGREGATES.has(name)) return;
  const keys = nodesOf(node, 'agg_order').flatMap((sort) => nodeOf(sort, 'node') ?? []);
  const values = nodesOf(node, 'args').filter((each) => each.kind !== 'A_Const' && each.kind !== 'ParamRef');
  const isByValue = values.every((value) => keys.some((key) => sameExpression(key, value)));
  if (isTotal(keys, scope)) return;
  if (isByValue && keys.length > 0) return values.forEach((value) => assertOneSpelling(value, scope));
  refuse(
    `${name}() collects rows in no certain order`,
    `write ${name}(... ORDER BY a unique key, or the value itself)`,
  );
}

function refuseFloats(name: string): never {
  return refuse(
    `${name}() of floating point numbers depends on the order of rows`,
    `cast the argument: ${name}(x::numeric)`,
  );
}

const ONE_SPELLING: Readonly<Record<string, string>> = {
  numeric: 'trim_scale(x)',
  interval: 'justify_interval(x)',
  float4: 'x + 0',
  float8: 'x + 0',
};

/** Of several equal values one is taken, or the order among them shows: they must be written alike. @throws Refusal */
export function assertOneSpelling(value: SqlNode, scope: Scope): void {
  const found = value.kind === 'ColumnRef' ? resolve(value, scope) : undefined;
  if (found?.where !== 'own' || !found.isLoose) return;
  refuse(
    `equal values of ${found.key} (${found.type}) may be written differently, and which one is taken depends on the order of rows`,
    `use ${ONE_SPELLING[found.type ?? ''] ?? 'x::text'} in its place`,
  );
}

const ROWS_MODE = 0x4;

/** @throws Refusal for a window whose rows are not in a certain order where the function asks for one */
export function assertWindow(node: SqlNode, name: string, over: SqlNode, scope: Scope, place: Place): void {
  const window = namedWindow(over, scope) ?? over;
  const partition = nodesOf(window, 'partitionClause');
  const keys = nodesOf(window, 'orderClause').flatMap((sort) => nodeOf(sort, 'node') ?? []);
  for (const each of [...partition, ...keys]) examineExpression(each, scope, place);
  for (const field of ['startOffset', 'endOffset']) {
    const offset = nodeOf(over, field);
    if (offset !== undefined) examineExpression(offset, scope, place);
  }
  if (WINDOWS_FOR_PEERS.has(name)) return;
  const isByRows = (Number(over['frameOptions'] ?? window['frameOptions'] ?? 0) & ROWS_MODE) !== 0;
  if (!WINDOWS_FOR_ROWS.has(name) && !isByRows && !ORDERED_AGGREGATES.has(name)) return;
  if (isTotal([...partition, ...keys], scope)) return;
  refuse(
    `${name}() OVER a window counts rows in no certain order`,
    'end the ORDER BY of the window with a unique key',
  );
}

function namedWindow(over: SqlNode, scope: Scope): SqlNode | undefined {
  const name = textOf(over, 'name') || textOf(over, 'refname');
  return name === '' ? undefined : scope.windows?.get(name);
}

/** Do these sort keys tell any two rows apart? */
export function isTotal(keys: readonly SqlNode[], scope: Scope): boolean {
  const columns = keys.flatMap((key) => (key.kind === 'ColumnRef' ? (columnsIn(key, scope) ?? []) : []));
  return scope.determination?.fixes(columns, 'listed') === true;
}

/** The same text of the tree, wherever it stands. */
export function sameExpression(left: SqlNode, right: SqlNode): boolean {
  return withoutPlace(left) === withoutPlace(right);
}

function withoutPlace(node: SqlNode): string {
  return JSON.stringify(node, (field, value: unknown) => (field === 'location' ? undefined : value));
}
