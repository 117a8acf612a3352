/**
 * The schema as the examination sees it: an immutable picture of one catalog epoch. `loadCatalog` reads it, lookups
 * are synchronous. A name is found as the server finds it: by the pinned search path.
 */
import * as queries from './catalog-queries.ts';
import type { CatalogReader } from './command.ts';
import { findWritingFunctions } from './writing-functions.ts';

export type Column = {
  readonly name: string;
  readonly type: SqlType;
  readonly isNotNull: boolean;
  readonly isIdentity: boolean;
  readonly isGenerated: boolean;
  /** The default, or what a generated column is computed from. */
  readonly expression: string | undefined;
  /** Values can be equal and yet be written differently, such as 1.0 and 1.00 in a numeric without a scale. */
  readonly isLoose: boolean;
  /** Of the domains that the column's type goes through. */
  readonly domainChecks: readonly string[];
};

/** Unique, over plain columns, of all rows, with columns in index order. */
export type UniqueKey = {
  readonly columns: readonly string[];
  /** Checked row by row, not at the end of the statement. */
  readonly isImmediate: boolean;
};

export type Trigger = {
  readonly name: string;
  readonly functionOid: string;
  readonly isRow: boolean;
  /** Of insert, delete, update, truncate. */
  readonly events: ReadonlySet<TableEvent>;
  /** The whole CREATE TRIGGER when it has a WHEN condition. */
  readonly conditional: string | undefined;
};

export type TableEvent = 'insert' | 'delete' | 'update' | 'truncate';

export type ForeignKey = {
  readonly table: string;
  readonly references: string;
  /** As in pg_constraint: a no action, r restrict, c cascade, n set null, d set default. */
  readonly onDelete: string;
  readonly onUpdate: string;
};

export type Relation = {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** As in pg_class: r table, p partitioned, v view, m materialized view, f foreign, S sequence. */
  readonly relationKind: string;
  readonly isUnlogged: boolean;
  readonly hasRowSecurity: boolean;
  readonly hasRules: boolean;
  readonly definition: string | undefined;
  readonly parents: readonly string[];
  readonly columns: ReadonlyMap<string, Column>;
  readonly keys: readonly UniqueKey[];
  /** Checks, index expressions and predicates: evaluated for each row that is written. */
  readonly rowExpressions: readonly string[];
  /** Columns that decide over a unique or exclusion constraint which is checked row by row. */
  readonly immediateKeyColumns: ReadonlySet<string>;
  readonly deferredConstraint: string | undefined;
  readonly triggers: readonly Trigger[];
};

/** A built-in type by its name (`int4`, `_text` for an array), a user's by `schema.name`. Domains are resolved. */
export type SqlType = string;

export type SqlFunction = {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** As in pg_proc: f function, p procedure, a aggregate, w window. */
  readonly functionKind: string;
  readonly volatility: 'i' | 's' | 'v';
  readonly language: string;
  readonly returns: SqlType;
  readonly arguments: readonly SqlType[];
  readonly argumentNames: readonly string[];
  readonly defaults: number;
  readonly isVariadic: boolean;
  readonly returnsSet: boolean;
  /** The whole CREATE FUNCTION, for those that can be examined. */
  readonly definition: string | undefined;
  /** The text between the quotes; empty for SQL-standard bodies. */
  readonly body: string;
  readonly hasSettings: boolean;
  readonly extension: string | undefined;
};

export type TypeInfo = {
  readonly type: SqlType;
  readonly isTimeLike: boolean;
  readonly isFloatLike: boolean;
  readonly checks: readonly string[];
  readonly isComposite: boolean;
};

export type Sequence = { readonly schema: string; readonly name: string; readonly cache: number };

export class Catalog {
  readonly epoch: number;
  readonly searchPath: readonly string[];
  readonly relations: ReadonlyMap<string, Relation>;
  readonly foreignKeys: readonly ForeignKey[];
  readonly functions: ReadonlyMap<string, readonly SqlFunction[]>;
  readonly functionsByOid: ReadonlyMap<string, SqlFunction>;
  readonly foreignOperators: ReadonlyMap<string, string | undefined>;
  readonly userCasts: readonly string[];
  readonly types: ReadonlyMap<string, TypeInfo>;
  readonly sequences: ReadonlyMap<string, Sequence>;
  /** Functions of users that may write: a SELECT that calls one goes into the log. */
  readonly writingFunctions: ReadonlySet<string>;
  /** What examinations worked out for this picture: verdicts of tables and functions. */
  readonly memo: Map<string, unknown> = new Map();

  constructor(parts: CatalogParts) {
    this.epoch = parts.epoch;
    this.searchPath = parts.searchPath;
    this.relations = parts.relations;
    this.foreignKeys = parts.foreignKeys;
    this.functions = parts.functions;
    this.functionsByOid = new Map([...parts.functions.values()].flat().map((each) => [each.oid, each]));
    this.foreignOperators = parts.foreignOperators;
    this.userCasts = parts.userCasts;
    this.types = parts.types;
    this.sequences = parts.sequences;
    this.writingFunctions = findWritingFunctions([...this.functionsByOid.values()]);
  }

  /** The first of the search path that has it, or the one of the schema named. */
  relation(schema: string, name: string): Relation | undefined {
    return this.#find(schema, (found) => this.relations.get(`${found}.${name}`));
  }

  sequence(schema: string, name: string): Sequence | undefined {
    return this.#find(schema, (found) => this.sequences.get(`${found}.${name}`));
  }

  relationByOid(oid: string): Relation | undefined {
    return [...this.relations.values()].find((each) => each.oid === oid);
  }

  /** Partitions and heirs, at any depth, the table itself first. */
  withHeirs(relation: Relation): readonly Relation[] {
    const found = [relation];
    for (const each of found)
      for (const other of this.relations.values())
        if (other.parents.includes(each.oid) && !found.includes(other)) found.push(other);
    return found;
  }

  /** All overloads that the name can mean. */
  functionsNamed(schema: string, name: string): readonly SqlFunction[] {
    const all = this.functions.get(name) ?? [];
    return schema === ''
      ? all.filter((each) => this.searchPath.includes(each.schema))
      : all.filter((each) => each.schema === schema);
  }

  typeNamed(schema: string, name: string): TypeInfo | undefined {
    return this.#find(schema, (found) => this.types.get(found === 'pg_catalog' ? name : `${found}.${name}`));
  }

  #find<T>(schema: string, look: (schema: string) => T | undefined): T | undefined {
    if (schema !== '') return look(schema);
    for (const each of this.searchPath) {
      const found = look(each);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

export type CatalogParts = Pick<
  Catalog,
  | 'epoch'
  | 'searchPath'
  | 'relations'
  | 'foreignKeys'
  | 'functions'
  | 'foreignOperators'
  | 'userCasts'
  | 'types'
  | 'sequences'
>;

export function isSystem(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema' || schema === 'quorate';
}

/** Rows of each query, by its name. */
export type CatalogRows = Readonly<Record<keyof typeof queries, readonly (readonly (string | null)[])[]>>;

/** One picture: the reader's queries should run in one REPEATABLE READ transaction that saw `epoch`. */
export async function readCatalogRows(reader: CatalogReader): Promise<CatalogRows> {
  const rows: Record<string, readonly (readonly (string | null)[])[]> = {};
  for (const [name, sql] of Object.entries(queries)) rows[name] = await reader.query(sql, []);
  return rows as CatalogRows;
}
