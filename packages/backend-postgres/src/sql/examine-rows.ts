/**
 * Statements that change rows. Two questions for each: is the set of changes certain, and does the order in which rows
 * are changed matter (sequences, seeds, triggers, unique keys)? Where it matters, the order must be certain too.
 */
import { isSystem, type Relation } from './catalog.ts';
import { examineCall } from './examine-call.ts';
import { examineExpression, examineOperand } from './examine-expression.ts';
import { examineFrom, findRelation } from './examine-from.ts';
import { examineQuery, examineWith } from './examine-query.ts';
import { examineDefault, examineWriting, type TableFacts } from './examine-table.ts';
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
        return this.#merge(statement, scope);
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

  #writing(relation: Relation, event: Parameters<typeof examineWriting>[1]): TableFacts {
    const facts = examineWriting(relation, event, this.#place.catalog);
    this.#place.findings.absorb(facts.findings);
    return facts;
  }

  #insert(statement: SqlNode, scope: Scope): QueryShape {
    const { relation, table } = this.#target(statement);
    const facts = this.#writing(relation, 'insert');
    const named = nodesOf(statement, 'cols').map((each) => textOf(each, 'name'));
    const names = named.length > 0 ? named : [...relation.columns.keys()];
    const source = nodeOf(statement, 'selectStmt');
    const expected = names.map((name) => relation.columns.get(name)?.type);
    const shape = source === undefined ? NO_ROWS : examineQuery(source, scope, this.#place, { expected });
    // Without a list of columns, and with `*` of unknown width, any column may be left to its default.
    const width = named.length > 0 ? named.length : (shape.columns?.length ?? 0);
    const given = new Set(source === undefined ? [] : names.slice(0, width));
    const draws = this.#defaults(relation, given, source);
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
    return this.#returning(returning, { ...scope, tables: [table] }, shape.order);
  }

  /** Defaults of the columns that get no value. @returns one that takes the next of something */
  #defaults(relation: Relation, given: ReadonlySet<string>, source: SqlNode | undefined): string | undefined {
    let draws: string | undefined;
    const hasDefaults =
      source !== undefined &&
      nodesOf(source, 'valuesLists').some((row) =>
        nodesOf(row, 'items').some(({ kind }) => kind === 'SetToDefault'),
      );
    for (const column of relation.columns.values()) {
      if (given.has(column.name) && !hasDefaults) continue;
      const found = examineDefault(relation, column, this.#place.catalog);
      this.#place.findings.absorb(found);
      if (found.draws) draws ??= `the default of ${relation.name}.${column.name}`;
    }
    return draws;
  }

  #conflict(conflict: SqlNode, relation: Relation, table: ScopeTable, scope: Scope): void {
    const inside: Scope = { ...scope, tables: [table, { ...table, name: 'excluded' }] };
    const infer = nodeOf(conflict, 'infer');
    if (infer !== undefined) {
      for (const element of nodesOf(infer, 'indexElems'))
        this.#optional(element, 'expr', { ...scope, tables: [table] });
      this.#optional(infer, 'whereClause', { ...scope, tables: [table] });
    }
    if (textOf(conflict, 'action') !== 'ONCONFLICT_UPDATE') return;
    this.#writing(relation, 'update');
    // The table is named by itself and by `excluded`: an unqualified column is the table's own.
    const own: Scope = { ...scope, tables: [table], outer: { ...inside, outer: scope.outer } };
    this.#assignments(conflict, relation, own, false);
    this.#optional(conflict, 'whereClause', own);
  }

  #optional(node: SqlNode, field: string, scope: Scope, place: Place = this.#place): void {
    const value = nodeOf(node, field);
    if (value !== undefined) examineExpression(value, scope, place);
  }

  /** SET column = value, ... @returns the columns */
  #assignments(node: SqlNode, relation: Relation, scope: Scope, isPerRow: boolean): readonly string[] {
    const place: Place = { ...this.#place, isPerRow: this.#place.isPerRow || isPerRow };
    return nodesOf(node, 'targetList').map((target) => {
      const name = textOf(target, 'name');
      const column = relation.columns.get(name);
      for (const step of nodesOf(target, 'indirection'))
        for (const field of ['lidx', 'uidx']) this.#optional(step, field, scope, place);
      const value = nodeOf(target, 'val');
      if (value === undefined) return name;
      const isPart = nodesOf(target, 'indirection').length > 0;
      if (value.kind === 'MultiAssignRef') this.#multiple(value, scope, place);
      else if (value.kind !== 'SetToDefault')
        examineOperand(value, scope, place, isPart ? undefined : column?.type);
      else if (column !== undefined) this.#setDefault(relation, name, isPerRow);
      return name;
    });
  }

  /** `(a, b) = (...)`: the source comes once for each column. */
  #multiple(value: SqlNode, scope: Scope, place: Place): void {
    if (value['colno'] === 1) this.#optional(value, 'source', scope, place);
  }

  #setDefault(relation: Relation, name: string, isPerRow: boolean): void {
    const column = relation.columns.get(name);
    if (column === undefined) return;
    const found = examineDefault(relation, column, this.#place.catalog);
    this.#place.findings.absorb(found);
    if (found.draws && isPerRow)
      refuse(
        `the default of ${relation.name}.${name} numbers rows that come in no certain order`,
        'update one row at a time, by its key',
      );
  }

  #update(statement: SqlNode, base: Scope): QueryShape {
    const { relation, table } = this.#target(statement);
    const facts = this.#writing(relation, 'update');
    const { scope, isSingle, meetsOne } = this.#rowsOf(statement, 'fromClause', table, base);
    if (!meetsOne)
      refuse(
        `a row of ${relation.name} may meet several rows of FROM, and any of them may be taken`,
        'compare a unique key of each table in FROM, or use SET x = (SELECT ...)',
      );
    const names = this.#assignments(statement, relation, scope, !isSingle);
    if (!isSingle) {
      this.#assertRowOrder(facts);
      const keys = this.#place.catalog.withHeirs(relation).flatMap((each) => [...each.immediateKeyColumns]);
      const key = names.find((name) => keys.includes(name));
      if (key !== undefined)
        refuse(
          `${key} is part of a unique key of ${relation.name}, and whether rows are in each other's way depends on their order`,
          'update one row at a time, by its key, or make the constraint DEFERRABLE INITIALLY IMMEDIATE',
        );
    }
    if (!isSingle) this.#assertNoKeyCascades(relation, names);
    return this.#returning(nodeOf(statement, 'returningClause'), scope, isSingle ? 'single' : 'any');
  }

  /** Rows that follow a changed key follow one after the other, and can be in each other's way meanwhile. */
  #assertNoKeyCascades(relation: Relation, names: readonly string[]): void {
    const isKey = relation.keys.some((key) => key.columns.some((column) => names.includes(column)));
    const follows = this.#place.catalog.foreignKeys.some(
      ({ references, onUpdate }) => references === relation.oid && onUpdate === 'c',
    );
    if (isKey && follows)
      refuse(
        `foreign keys follow the key of ${relation.name}, row by row in no certain order`,
        'update one row at a time, by its key',
      );
  }

  #delete(statement: SqlNode, base: Scope): QueryShape {
    const { relation, table } = this.#target(statement);
    const facts = this.#writing(relation, 'delete');
    const { scope, isSingle, meetsOne } = this.#rowsOf(statement, 'usingClause', table, base);
    if (!isSingle) this.#assertRowOrder(facts);
    const returning = nodeOf(statement, 'returningClause');
    if (!meetsOne && returning !== undefined)
      refuse(
        `RETURNING may show any of several rows of USING`,
        'compare a unique key of each table in USING',
      );
    return this.#returning(returning, scope, isSingle ? 'single' : 'any');
  }

  #assertRowOrder({ rowOrder }: TableFacts): void {
    if (rowOrder !== undefined)
      refuse(
        `${rowOrder}, and the rows come in no certain order`,
        'change one row at a time, by its key, or use a trigger FOR EACH STATEMENT',
      );
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

  #merge(statement: SqlNode, base: Scope): QueryShape {
    const { relation, table } = this.#target(statement);
    const source = {
      kind: 'From',
      fromClause: [nodeOf(statement, 'sourceRelation')].filter((each) => each !== undefined),
    };
    const from = examineFrom(source, base, { ...this.#place, isPerRow: true });
    const scope: Scope = { ...base, tables: [table, ...from.tables] };
    const place: Place = { ...this.#place, isPerRow: true };
    this.#optional(statement, 'joinCondition', scope, place);
    const isOne = new Determination(from.tables, from.equalities).isSingle();
    for (const clause of nodesOf(statement, 'mergeWhenClauses'))
      this.#mergeClause(clause, relation, scope, isOne);
    return this.#returning(nodeOf(statement, 'returningClause'), scope, 'any');
  }

  #mergeClause(clause: SqlNode, relation: Relation, scope: Scope, isOne: boolean): void {
    const place: Place = { ...this.#place, isPerRow: true };
    this.#optional(clause, 'condition', scope, place);
    const command = textOf(clause, 'commandType');
    if (command === 'CMD_NOTHING') return;
    const event = command === 'CMD_INSERT' ? 'insert' : command === 'CMD_DELETE' ? 'delete' : 'update';
    const facts = this.#writing(relation, event);
    if (!isOne) this.#assertRowOrder(facts);
    if (event === 'update') {
      const names = this.#assignments(clause, relation, scope, true);
      const key = names.find((name) => relation.immediateKeyColumns.has(name));
      if (key !== undefined)
        refuse(
          `MERGE changes ${key}, part of a unique key, in no certain order`,
          'use UPDATE of one row, by its key',
        );
    }
    if (event !== 'insert') return;
    const names = nodesOf(clause, 'targetList').map((each) => textOf(each, 'name'));
    const values = nodesOf(clause, 'values');
    const columns = names.length > 0 ? names : [...relation.columns.keys()];
    for (const [index, value] of values.entries())
      if (value.kind !== 'SetToDefault')
        examineOperand(value, scope, place, relation.columns.get(columns[index] ?? '')?.type);
    const given = new Set(
      columns.filter((_, index) => values[index] !== undefined && values[index].kind !== 'SetToDefault'),
    );
    const draws = this.#defaults(relation, given, undefined);
    if (draws !== undefined && !isOne)
      refuse(
        `${draws} numbers rows that MERGE inserts in no certain order`,
        'use INSERT ... SELECT ... ORDER BY a unique key ON CONFLICT ...',
      );
  }

  #truncate(statement: SqlNode): QueryShape {
    for (const node of nodesOf(statement, 'relations')) {
      const relation = findRelation(node, this.#place);
      this.#writing(relation, 'truncate');
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
      this.#writing(child, 'truncate');
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

  #returning(clause: SqlNode | undefined, scope: Scope, order: QueryShape['order']): QueryShape {
    if (clause === undefined) return { columns: [], order };
    const columns: { name: string; type: string | undefined }[] = [];
    let isKnown = true;
    const place: Place = { ...this.#place, isPerRow: this.#place.isPerRow || order === 'any' };
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
}

function concerns(
  { column, needs }: { readonly column: string; readonly needs: readonly string[] },
  table: ScopeTable,
): boolean {
  const prefix = `${table.name}.`;
  return column.startsWith(prefix) && needs.every((each) => each.startsWith(prefix));
}
