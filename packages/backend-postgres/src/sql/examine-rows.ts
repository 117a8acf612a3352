/**
 * Statements that change rows. Two questions for each: is the set of changes certain, and does the order in which rows
 * are changed matter (sequences, seeds, triggers, unique keys)? Where it matters, the order must be certain too.
 */
import { isSystem, type Relation } from './catalog.ts';
import { examineCall } from './examine-call.ts';
import {
  assertNoKeyCascades,
  assertRowOrder,
  examineAssignments,
  examineChange,
  examineDefaults,
  examineOptional,
  examineReturning,
} from './examine-change.ts';
import { examineExpression } from './examine-expression.ts';
import { examineFrom, findRelation } from './examine-from.ts';
import { examineMerge } from './examine-merge.ts';
import { examineQuery, examineWith } from './examine-query.ts';
import type { Place } from './findings.ts';
import { refuse } from './refusal.ts';
import { Determination, equalitiesOf } from './row-order.ts';
import { EMPTY_SCOPE, type QueryShape, type Scope, type ScopeTable, tableOfRelation } from './scope.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, textOf } from './tree.ts';

const NO_ROWS: QueryShape = { columns: [], order: 'single' };

/** @throws Refusal */
export function examineRows(statement: SqlNode, outer: Scope | undefined, place: Place): QueryShape {
  return new RowsExamination(place).examine(statement, outer);
}

class RowsExamination {
  readonly #place: Place;
  /** Tables that this statement changes, each once. */
  readonly #changed = new Set<string>();

  constructor(place: Place) {
    this.#place = place;
  }

  examine(statement: SqlNode, outer: Scope | undefined): QueryShape {
    const withQueries = examineWith(nodeOf(statement, 'withClause'), outer, this.#place, (inner, scope) =>
      this.examine(inner, scope),
    );
    const scope: Scope = { ...EMPTY_SCOPE, outer, withQueries };
    switch (statement.kind) {
      case 'InsertStmt':
        return this.#insert(statement, scope);
      case 'UpdateStmt':
        return this.#update(statement, scope);
      case 'DeleteStmt':
        return this.#delete(statement, scope);
      case 'MergeStmt':
        return examineMerge(statement, this.#target(statement), scope, this.#place);
      case 'TruncateStmt':
        return this.#truncate(statement);
      case 'CallStmt':
        return this.#call(statement, scope);
      case 'SelectStmt':
        return this.#select(statement, scope);
      default:
        return refuse(
          `${statement.kind} inside stored code or beside other statements`,
          'send it as a command of its own',
        );
    }
  }

  #target(statement: SqlNode): { readonly relation: Relation; readonly table: ScopeTable } {
    const node = nodeOf(statement, 'relation');
    if (node === undefined) return refuse('a statement without a table', 'name one');
    const relation = findRelation(node, this.#place);
    if (this.#changed.has(relation.oid))
      refuse(
        `${relation.name} is changed twice in one statement, in no certain order`,
        'send two statements',
      );
    this.#changed.add(relation.oid);
    const alias = nodeOf(node, 'alias');
    return {
      relation,
      table: tableOfRelation(relation, alias === undefined ? relation.name : textOf(alias, 'aliasname')),
    };
  }

  #insert(statement: SqlNode, scope: Scope): QueryShape {
    const { relation, table } = this.#target(statement);
    const facts = examineChange(relation, 'insert', this.#place);
    const named = nodesOf(statement, 'cols').map((each) => textOf(each, 'name'));
    const names = named.length > 0 ? named : [...relation.columns.keys()];
    const source = nodeOf(statement, 'selectStmt');
    const expected = names.map((name) => relation.columns.get(name)?.type);
    const shape = source === undefined ? NO_ROWS : examineQuery(source, scope, this.#place, { expected });
    // Without a list of columns, and with `*` of unknown width, any column may be left to its default.
    const width = named.length > 0 ? named.length : (shape.columns?.length ?? 0);
    const given = new Set(source === undefined ? [] : names.slice(0, width));
    const draws = examineDefaults(relation, given, source, this.#place);
    const conflict = nodeOf(statement, 'onConflictClause');
    const returning = nodeOf(statement, 'returningClause');
    const because =
      (draws === undefined ? undefined : `${draws} numbers rows`) ??
      facts.rowOrder ??
      (conflict === undefined ? undefined : 'ON CONFLICT decides by what came first') ??
      (returning === undefined ? undefined : 'RETURNING answers rows');
    if (because !== undefined && shape.order === 'any')
      refuse(
        `${because}, and the SELECT gives rows in no certain order`,
        'end its ORDER BY with a unique key',
      );
    if (conflict !== undefined) this.#conflict(conflict, relation, table, scope);
    return examineReturning(returning, { ...scope, tables: [table] }, shape.order, this.#place);
  }

  #conflict(conflict: SqlNode, relation: Relation, table: ScopeTable, scope: Scope): void {
    const inside: Scope = { ...scope, tables: [table, { ...table, name: 'excluded' }] };
    const infer = nodeOf(conflict, 'infer');
    if (infer !== undefined) {
      for (const element of nodesOf(infer, 'indexElems'))
        examineOptional(element, 'expr', { ...scope, tables: [table] }, this.#place);
      examineOptional(infer, 'whereClause', { ...scope, tables: [table] }, this.#place);
    }
    if (textOf(conflict, 'action') !== 'ONCONFLICT_UPDATE') return;
    examineChange(relation, 'update', this.#place);
    // The table is named by itself and by `excluded`: an unqualified column is the table's own.
    const own: Scope = { ...scope, tables: [table], outer: { ...inside, outer: scope.outer } };
    examineAssignments(conflict, relation, own, false, this.#place);
    examineOptional(conflict, 'whereClause', own, this.#place);
  }

  #update(statement: SqlNode, base: Scope): QueryShape {
    const { relation, table } = this.#target(statement);
    const facts = examineChange(relation, 'update', this.#place);
    const { scope, isSingle, meetsOne } = this.#rowsOf(statement, 'fromClause', table, base);
    if (!meetsOne)
      refuse(
        `a row of ${relation.name} may meet several rows of FROM, and any of them may be taken`,
        'compare a unique key of each table in FROM, or use SET x = (SELECT ...)',
      );
    const names = examineAssignments(statement, relation, scope, !isSingle, this.#place);
    if (!isSingle) {
      assertRowOrder(facts);
      const keys = this.#place.catalog.withHeirs(relation).flatMap((each) => [...each.immediateKeyColumns]);
      const key = names.find((name) => keys.includes(name));
      if (key !== undefined)
        refuse(
          `${key} is part of a unique key of ${relation.name}, and whether rows are in each other's way depends on their order`,
          'update one row at a time, by its key, or make the constraint DEFERRABLE INITIALLY IMMEDIATE',
        );
    }
    if (!isSingle) assertNoKeyCascades(relation, names, this.#place);
    return examineReturning(
      nodeOf(statement, 'returningClause'),
      scope,
      isSingle ? 'single' : 'any',
      this.#place,
    );
  }

  #delete(statement: SqlNode, base: Scope): QueryShape {
    const { relation, table } = this.#target(statement);
    const facts = examineChange(relation, 'delete', this.#place);
    const { scope, isSingle, meetsOne } = this.#rowsOf(statement, 'usingClause', table, base);
    if (!isSingle) assertRowOrder(facts);
    const returning = nodeOf(statement, 'returningClause');
    if (!meetsOne && returning !== undefined)
      refuse(
        `RETURNING may show any of several rows of USING`,
        'compare a unique key of each table in USING',
      );
    return examineReturning(returning, scope, isSingle ? 'single' : 'any', this.#place);
  }

  /** Which rows of the target are meant, and whether each meets at most one row of the other tables. */
  #rowsOf(
    statement: SqlNode,
    field: string,
    table: ScopeTable,
    base: Scope,
  ): { readonly scope: Scope; readonly isSingle: boolean; readonly meetsOne: boolean } {
    const where = nodeOf(statement, 'whereClause');
    if (where?.kind === 'CurrentOfExpr') refuse('WHERE CURRENT OF uses a cursor', 'name rows by their key');
    const from = examineFrom(
      { kind: 'From', fromClause: statement[field] },
      { ...base, tables: [table] },
      { ...this.#place, isPerRow: true },
    );
    const open: Scope = { ...base, tables: [table, ...from.tables] };
    const equalities = [...from.equalities, ...equalitiesOf(where, open)];
    const determination = new Determination(open.tables, equalities);
    const scope: Scope = { ...open, determination };
    if (where !== undefined) examineExpression(where, scope, { ...this.#place, isPerRow: true });
    const own = [...(table.columns?.keys() ?? [])].map((name) => `${table.name}.${name}`);
    const others = new Determination(from.tables, equalities);
    const isSingle = new Determination(
      [table],
      equalities.filter((each) => concerns(each, table)),
    ).isSingle();
    return { scope, isSingle: isSingle || determination.isSingle(), meetsOne: others.fixes(own, 'matched') };
  }

  #truncate(statement: SqlNode): QueryShape {
    for (const node of nodesOf(statement, 'relations')) {
      const relation = findRelation(node, this.#place);
      examineChange(relation, 'truncate', this.#place);
      if (textOf(statement, 'behavior') === 'DROP_CASCADE') this.#truncateAlong(relation, new Set());
    }
    return NO_ROWS;
  }

  /** CASCADE empties the tables that refer to this one as well. */
  #truncateAlong(relation: Relation, seen: Set<string>): void {
    for (const { table, references } of this.#place.catalog.foreignKeys) {
      const child = this.#place.catalog.relationByOid(table);
      if (references !== relation.oid || child === undefined || seen.has(child.oid)) continue;
      seen.add(child.oid);
      examineChange(child, 'truncate', this.#place);
      this.#truncateAlong(child, seen);
    }
  }

  #call(statement: SqlNode, scope: Scope): QueryShape {
    const call = nodeOf(statement, 'funccall');
    if (call === undefined) return refuse('CALL of nothing', 'name a procedure');
    const name = namesOf(call, 'funcname').at(-1) ?? '';
    if (this.#place.catalog.functionsNamed('', name).some((each) => isSystem(each.schema)))
      refuse(`${name} is a procedure of the system`, 'call one of your own');
    examineCall(call, scope, this.#place);
    return NO_ROWS;
  }

  /** A SELECT that goes into the log, because something in it writes or because writes stand beside it. */
  #select(statement: SqlNode, scope: Scope): QueryShape {
    // The WITH queries were examined before, those that change rows among them.
    const shape = examineQuery({ ...statement, withClause: undefined }, scope, this.#place);
    if (shape.order === 'any')
      refuse('the SELECT answers rows in no certain order', 'end its ORDER BY with a unique key');
    return shape;
  }
}

function concerns(
  { column, needs }: { readonly column: string; readonly needs: readonly string[] },
  table: ScopeTable,
): boolean {
  const prefix = `${table.name}.`;
  return column.startsWith(prefix) && needs.every((each) => each.startsWith(prefix));
}
