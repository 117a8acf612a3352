/**
 * What the statements that change rows have in common: triggers and constraints of the table, values for columns,
 * defaults, RETURNING.
 */
import type { Relation } from './catalog.ts';
import { examineExpression, examineOperand } from './examine-expression.ts';
import { examineDefault, examineWriting, type TableFacts } from './examine-table.ts';
import type { Place } from './findings.ts';
import { refuse } from './refusal.ts';
import type { QueryShape, Scope } from './scope.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';

/** What happens beside the change itself when rows of this table change so. */
export function examineChange(
  relation: Relation,
  event: Parameters<typeof examineWriting>[1],
  place: Place,
): TableFacts {
  const facts = examineWriting(relation, event, place.catalog);
  place.findings.absorb(facts.findings);
  return facts;
}

export function assertRowOrder({ rowOrder }: TableFacts): void {
  if (rowOrder !== undefined)
    refuse(
      `${rowOrder}, and the rows come in no certain order`,
      'change one row at a time, by its key, or use a trigger FOR EACH STATEMENT',
    );
}

/** Rows that follow a changed key follow one after the other, and can be in each other's way meanwhile. */
export function assertNoKeyCascades(relation: Relation, names: readonly string[], { catalog }: Place): void {
  const isKey = relation.keys.some((key) => key.columns.some((column) => names.includes(column)));
  const follows = catalog.foreignKeys.some(
    ({ references, onUpdate }) => references === relation.oid && onUpdate === 'c',
  );
  if (isKey && follows)
    refuse(
      `foreign keys follow the key of ${relation.name}, row by row in no certain order`,
      'update one row at a time, by its key',
    );
}

/** Defaults of the columns that get no value. @returns one that takes the next of something */
export function examineDefaults(
  relation: Relation,
  given: ReadonlySet<string>,
  source: SqlNode | undefined,
  place: Place,
): string | undefined {
  let draws: string | undefined;
  const hasDefaults =
    source !== undefined &&
    nodesOf(source, 'valuesLists').some((row) =>
      nodesOf(row, 'items').some(({ kind }) => kind === 'SetToDefault'),
    );
  for (const column of relation.columns.values()) {
    if (given.has(column.name) && !hasDefaults) continue;
    const found = examineDefault(relation, column, place.catalog);
    place.findings.absorb(found);
    if (found.draws) draws ??= `the default of ${relation.name}.${column.name}`;
  }
  return draws;
}

/** The expression of a field that may be missing. */
export function examineOptional(node: SqlNode, field: string, scope: Scope, place: Place): void {
  const value = nodeOf(node, field);
  if (value !== undefined) examineExpression(value, scope, place);
}

/** SET column = value, ... @returns the columns */
export function examineAssignments(
  node: SqlNode,
  relation: Relation,
  scope: Scope,
  isPerRow: boolean,
  outside: Place,
): readonly string[] {
  const place: Place = { ...outside, isPerRow: outside.isPerRow || isPerRow };
  return nodesOf(node, 'targetList').map((target) => {
    const name = textOf(target, 'name');
    const column = relation.columns.get(name);
    for (const step of nodesOf(target, 'indirection'))
      for (const field of ['lidx', 'uidx']) examineOptional(step, field, scope, place);
    const value = nodeOf(target, 'val');
    if (value === undefined) return name;
    const isPart = nodesOf(target, 'indirection').length > 0;
    if (value.kind === 'MultiAssignRef') examineMultiple(value, scope, place);
    else if (value.kind !== 'SetToDefault')
      examineOperand(value, scope, place, isPart ? undefined : column?.type);
    else if (column !== undefined) examineSetDefault(relation, name, isPerRow, outside);
    return name;
  });
}

/** `(a, b) = (...)`: the source comes once for each column. */
function examineMultiple(value: SqlNode, scope: Scope, place: Place): void {
  if (value['colno'] === 1) examineOptional(value, 'source', scope, place);
}

function examineSetDefault(relation: Relation, name: string, isPerRow: boolean, place: Place): void {
  const column = relation.columns.get(name);
  if (column === undefined) return;
  const found = examineDefault(relation, column, place.catalog);
  place.findings.absorb(found);
  if (found.draws && isPerRow)
    refuse(
      `the default of ${relation.name}.${name} numbers rows that come in no certain order`,
      'update one row at a time, by its key',
    );
}

/** RETURNING, or nothing. */
export function examineReturning(
  clause: SqlNode | undefined,
  scope: Scope,
  order: QueryShape['order'],
  outside: Place,
): QueryShape {
  if (clause === undefined) return { columns: [], order };
  const columns: { name: string; type: string | undefined }[] = [];
  let isKnown = true;
  const place: Place = { ...outside, isPerRow: outside.isPerRow || order === 'any' };
  for (const target of nodesOf(clause, 'exprs')) {
    const value = nodeOf(target, 'val');
    if (value === undefined) continue;
    const names = value.kind === 'ColumnRef' ? namesOf(value, 'fields') : [];
    if (names.at(-1) === '*') isKnown = false;
    else
      columns.push({
        name: textOf(target, 'name') || names.at(-1) || '?column?',
        type: examineExpression(value, scope, place),
      });
  }
  return { columns: isKnown ? columns : undefined, order };
}
