/** A command of the PostgreSQL backend: what stands in the log. */

/** What `prepare` fixed on the leader for one statement, for people to read: the statement already holds it. */
export type FrozenValues = { readonly [what: string]: string };

export type SqlStatement = {
  /** One statement, with `$1`, `$2` ... where parameters go. */
  readonly sql: string;
  /** In PostgreSQL's text format; null is NULL. */
  readonly params: readonly (string | null)[];
  readonly frozen?: FrozenValues;
};

/** One or several statements that take effect together or not at all. */
export type SqlCommand = {
  readonly statements: readonly SqlStatement[];
  /** It changes the schema: the catalog epoch rises by one when it succeeds. */
  readonly isDdl?: boolean;
  /** The catalog epoch that `prepare` looked at; another one at apply is a refusal. */
  readonly catalogEpoch?: number;
};

/** Reads of the catalog for `prepare`, answered from a connection of this node. Rows of values in text format. */
export interface CatalogReader {
  query(sql: string, params: readonly (string | null)[]): Promise<readonly (readonly (string | null)[])[]>;
}
