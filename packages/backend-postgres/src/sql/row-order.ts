/**
 * Does fixing some columns fix the rows? A small calculus over the equalities of a query (WHERE, inner ON, USING): a
 * column is known when it is compared for equality with something known; a table's row is known when all columns of
 * one of its unique keys are. With nothing known at the beginning it proves "at most one row"; with the columns of
 * ORDER BY it proves that the order is total; with the columns of an UPDATE's target that each row meets at most
 * one row of FROM.
 */
import { resolve, type Scope, type ScopeTable } from './scope.ts';
import { namesOf, nodeOf, nodesOf, type SqlNode, walk } from './tree.ts';

/** `column` is known as soon as all of `needs` are. Columns are `table.column`. */
type Equality = { readonly column: string; readonly needs: readonly string[] };

export class Determination {
  readonly #tables: readonly ScopeTable[];
  readonly #equalities: readonly Equality[];

  constructor(tables: readonly ScopeTable[], equalities: readonly Equality[]) {
    this.#tables = tables;
    this.#equalities = equalities;
  }

  /** No columns at all: is there at most one row? */
  isSingle(): boolean {
    return this.fixes([], 'matched');
  }

  /**
   * Are all tables' rows known when these columns are? `matched`: the columns are known by equality, which NULL never
   * fulfils, so that a key may allow NULL. `listed`: rows with NULL in the key could be several.
   */
  fixes(columns: Iterable<string>, how: 'matched' | 'listed'): boolean {
    const known = new Set(columns);
    const fixed = new Set(this.#tables.filter((table) => table.isSingle === true));
    for (const table of fixed)
      for (const name of table.columns?.keys() ?? []) known.add(`${table.name}.${name}`);
    let grew = true;
    while (grew) {
      grew = false;
      for (const { column, needs } of this.#equalities)
        if (!known.has(column) && needs.every((each) => known.has(each))) {
          known.add(column);
          grew = true;
        }
      for (const table of this.#tables)
        if (!fixed.has(table) && isFixed(table, known, how)) {
          fixed.add(table);
          for (const name of table.columns?.keys() ?? []) known.add(`${table.name}.${name}`);
          grew = true;
        }
    }
    return fixed.size === this.#tables.length;
  }
}

function isFixed(table: ScopeTable, known: ReadonlySet<string>, how: 'matched' | 'listed'): boolean {
  const isKnown = (name: string): boolean => known.has(`${table.name}.${name}`);
  if (table.keys?.some((key) => key.every(isKnown)) === true) return true;
  return (table.relation?.keys ?? []).some((key) =>
    key.columns.every(
      (name) => isKnown(name) && (how === 'matched' || table.relation?.columns.get(name)?.isNotNull === true),
    ),
  );
}

/** The equalities of a condition. `mayFix` limits which columns they can make known (the inner side of an outer join). */
export function equalitiesOf(
  condition: SqlNode | undefined,
  scope: Scope,
  mayFix: (table: string) => boolean = () => true,
): Equality[] {
  return conjuncts(condition).flatMap((part) => {
    if (part.kind !== 'A_Expr') return [];
    const isEquality = part['variant'] === 'AEXPR_OP' && namesOf(part, 'name').at(-1) === '=';
    const left = nodeOf(part, 'lexpr');
    const right = nodeOf(part, 'rexpr');
    if (!isEquality || left === undefined || right === undefined) return [];
    return [...equality(left, right, scope), ...equality(right, left, scope)].filter(({ column }) =>
      mayFix(column.slice(0, column.indexOf('.'))),
    );
  });
}

function equality(column: SqlNode, other: SqlNode, scope: Scope): Equality[] {
  const found = column.kind === 'ColumnRef' ? resolve(column, scope) : undefined;
  const needs = columnsIn(other, scope);
  return found?.where === 'own' && needs !== undefined ? [{ column: found.key, needs }] : [];
}

/** The columns of this query that an expression depends on; undefined when that is not certain. */
export function columnsIn(expression: SqlNode, scope: Scope): readonly string[] | undefined {
  const keys: string[] = [];
  let isCertain = true;
  walk(expression, (node) => {
    if (node.kind === 'SubLink') isCertain = false;
    if (node.kind !== 'ColumnRef') return undefined;
    const found = resolve(node, scope);
    if (found === undefined) isCertain = false;
    else if (found.where === 'own') keys.push(found.key);
    return undefined;
  });
  return isCertain ? keys : undefined;
}

function conjuncts(condition: SqlNode | undefined): readonly SqlNode[] {
  if (condition === undefined) return [];
  if (condition.kind === 'BoolExpr' && condition['boolop'] === 'AND_EXPR')
    return nodesOf(condition, 'args').flatMap(conjuncts);
  return [condition];
}

/** USING and NATURAL are equalities between two tables that are named alike in both. */
export function equalitiesOfUsing(names: readonly string[], tables: readonly ScopeTable[]): Equality[] {
  return names.flatMap((name) => {
    const having = tables.filter((table) => table.columns?.has(name) === true);
    return having.flatMap((one) =>
      having
        .filter((other) => other !== one)
        .map((other) => ({ column: `${one.name}.${name}`, needs: [`${other.name}.${name}`] })),
    );
  });
}
