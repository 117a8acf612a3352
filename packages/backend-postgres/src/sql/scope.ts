/** Which tables and columns a name can mean, and what is known of their types. */
import type { Relation, SqlType } from './catalog.ts';
import type { Determination } from './row-order.ts';
import { namesOf, type SqlNode } from './tree.ts';

/** Undefined: the type is not known. */
export type MaybeType = SqlType | undefined;

export type ScopeTable = {
  readonly name: string;
  /** Undefined: nobody knows which columns it has. */
  readonly columns: ReadonlyMap<string, MaybeType> | undefined;
  readonly relation?: Relation;
  /** Sets of columns of which each names one row and is never NULL, beside those of `relation`. */
  readonly keys?: readonly (readonly string[])[];
  /** At most one row. */
  readonly isSingle?: boolean;
};

export type QueryShape = {
  readonly columns: readonly { readonly name: string; readonly type: MaybeType }[] | undefined;
  /** `single`: at most one row; `ordered`: rows always come in the same order; `any`: in no certain order. */
  readonly order: 'single' | 'ordered' | 'any';
  /** Sets of columns, by name, of which each names one row and is never NULL. */
  readonly keys?: readonly (readonly string[])[];
};

export type Scope = {
  readonly tables: readonly ScopeTable[];
  readonly outer?: Scope | undefined;
  readonly withQueries: ReadonlyMap<string, QueryShape>;
  /** Variables of a function. */
  readonly variables?: ReadonlyMap<string, MaybeType>;
  /** The WINDOW clause. */
  readonly windows?: ReadonlyMap<string, SqlNode>;
  /** What follows from the conditions of the query that this scope belongs to. */
  readonly determination?: Determination;
};

export const EMPTY_SCOPE: Scope = { tables: [], withQueries: new Map() };

export type Resolved =
  /** A column of this query: `table.column`. */
  | { readonly where: 'own'; readonly key: string; readonly type: MaybeType; readonly isLoose: boolean }
  /** A column of an outer query or a variable: fixed while this query runs. */
  | { readonly where: 'outer'; readonly type: MaybeType };

export function resolve(reference: SqlNode, scope: Scope): Resolved | undefined {
  const parts = namesOf(reference, 'fields');
  const name = parts.at(-1) ?? '';
  const table = parts.at(-2);
  const own = scope.tables.filter(
    (each) => (table === undefined || each.name === table) && each.columns?.has(name) === true,
  );
  const [only] = own;
  if (only !== undefined && own.length === 1)
    return {
      where: 'own',
      key: `${only.name}.${name}`,
      type: only.columns?.get(name),
      isLoose: only.relation?.columns.get(name)?.isLoose === true,
    };
  if (own.length > 1) return undefined;
  const isHidden = scope.tables.some(
    (each) => each.columns === undefined && (table === undefined || each.name === table),
  );
  if (isHidden) return undefined;
  if (table === undefined && scope.variables?.has(name) === true)
    return { where: 'outer', type: scope.variables.get(name) };
  const outer = scope.outer === undefined ? undefined : resolve(reference, scope.outer);
  return outer === undefined ? undefined : { where: 'outer', type: outer.type };
}

export function isKnownColumn(name: string, scope: Scope | undefined): boolean {
  if (scope === undefined) return false;
  return (
    scope.tables.some((each) => each.columns?.has(name) === true || each.name === name) ||
    scope.variables?.has(name) === true ||
    isKnownColumn(name, scope.outer)
  );
}

export function findWithQuery(name: string, scope: Scope | undefined): QueryShape | undefined {
  if (scope === undefined) return undefined;
  return scope.withQueries.get(name) ?? findWithQuery(name, scope.outer);
}

export function tableOfRelation(relation: Relation, alias: string): ScopeTable {
  return {
    name: alias,
    columns: new Map([...relation.columns.values()].map(({ name, type }) => [name, type])),
    relation,
  };
}

export function tableOfShape(shape: QueryShape, alias: string, names: readonly string[]): ScopeTable {
  const isSingle = shape.order === 'single';
  const { columns } = shape;
  if (columns === undefined) return { name: alias, columns: undefined, isSingle };
  const renamed = new Map(columns.map(({ name }, index) => [name, names[index] ?? name]));
  return {
    name: alias,
    columns: new Map(columns.map(({ name, type }, index) => [names[index] ?? name, type])),
    keys: (shape.keys ?? []).map((key) => key.map((name) => renamed.get(name) ?? name)),
    isSingle,
  };
}
