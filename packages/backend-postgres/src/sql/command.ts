/** A command of the PostgreSQL backend: what stands in the log. */

export type SqlStatement = {
  /** One statement, with `$1`, `$2` ... where parameters go. */
  readonly sql: string;
  /** In PostgreSQL's text format; null is NULL. As many as the highest `$n` of `sql`. */
  readonly params: readonly (string | null)[];
};

/** What the functions of schema `quorate` answer while a command runs; see `pins.ts`. */
export type Pins = {
  /** ISO time with milliseconds and `+00`. */
  readonly now?: string;
  /** 32 hexadecimal digits. */
  readonly seed?: string;
};

/** One or several statements that take effect together or not at all. */
export type SqlCommand = {
  readonly statements: readonly SqlStatement[];
  /** It changes the schema: the catalog epoch rises by one when it succeeds. */
  readonly isDdl?: boolean;
  /** The catalog epoch that `prepare` looked at; another one at apply is a refusal. */
  readonly catalogEpoch?: number;
  /** Present only when defaults, triggers or functions ask for time or randomness. */
  readonly pins?: Pins;
};

/** Reads of the catalog for `prepare`, answered from a connection of this node. Rows of values in text format. */
export interface CatalogReader {
  query(sql: string, params: readonly (string | null)[]): Promise<readonly (readonly (string | null)[])[]>;
}
