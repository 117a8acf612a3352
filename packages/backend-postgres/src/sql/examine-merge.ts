/** MERGE: rows of a source meet rows of a table, in no certain order unless there is one row only. */
import type { Relation } from './catalog.ts';
import {
  assertRowOrder,
  examineAssignments,
  examineChange,
  examineDefaults,
  examineOptional,
  examineReturning,
} from './examine-change.ts';
import { examineOperand } from './examine-expression.ts';
import { examineFrom } from './examine-from.ts';
import type { Place } from './findings.ts';
import { refuse } from './refusal.ts';
import { Determination } from './row-order.ts';
import type { QueryShape, Scope, ScopeTable } from './scope.ts';
import { nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';

/** @throws Refusal */
export function examineMerge(
  statement: SqlNode,
  { relation, table }: { readonly relation: Relation; readonly table: ScopeTable },
  base: Scope,
  outside: Place,
): QueryShape {
  const place: Place = { ...outside, isPerRow: true };
  const source = {
    kind: 'From',
    fromClause: [nodeOf(statement, 'sourceRelation')].filter((each) => each !== undefined),
  };
  const from = examineFrom(source, base, place);
  const scope: Scope = { ...base, tables: [table, ...from.tables] };
  examineOptional(statement, 'joinCondition', scope, place);
  const isOne = new Determination(from.tables, from.equalities).isSingle();
  for (const clause of nodesOf(statement, 'mergeWhenClauses'))
    examineClause(clause, relation, scope, isOne, place);
  return examineReturning(nodeOf(statement, 'returningClause'), scope, 'any', outside);
}

/** WHEN ... THEN. */
function examineClause(
  clause: SqlNode,
  relation: Relation,
  scope: Scope,
  isOne: boolean,
  place: Place,
): void {
  examineOptional(clause, 'condition', scope, place);
  const command = textOf(clause, 'commandType');
  if (command === 'CMD_NOTHING') return;
  const event = command === 'CMD_INSERT' ? 'insert' : command === 'CMD_DELETE' ? 'delete' : 'update';
  const facts = examineChange(relation, event, place);
  if (!isOne) assertRowOrder(facts);
  if (event === 'update') {
    const names = examineAssignments(clause, relation, scope, true, place);
    const key = names.find((name) => relation.immediateKeyColumns.has(name));
    if (key !== undefined)
      refuse(
        `MERGE changes ${key}, part of a unique key, in no certain order`,
        'use UPDATE of one row, by its key',
      );
  }
  if (event === 'insert') examineInsert(clause, relation, scope, isOne, place);
}

function examineInsert(
  clause: SqlNode,
  relation: Relation,
  scope: Scope,
  isOne: boolean,
  place: Place,
): void {
  const names = nodesOf(clause, 'targetList').map((each) => textOf(each, 'name'));
  const values = nodesOf(clause, 'values');
  const columns = names.length > 0 ? names : [...relation.columns.keys()];
  for (const [index, value] of values.entries())
    if (value.kind !== 'SetToDefault')
      examineOperand(value, scope, place, relation.columns.get(columns[index] ?? '')?.type);
  const given = new Set(
    columns.filter((_, index) => values[index] !== undefined && values[index].kind !== 'SetToDefault'),
  );
  const draws = examineDefaults(relation, given, undefined, place);
  if (draws !== undefined && !isOne)
    refuse(
      `${draws} numbers rows that MERGE inserts in no certain order`,
      'use INSERT ... SELECT ... ORDER BY a unique key ON CONFLICT ...',
    );
}
