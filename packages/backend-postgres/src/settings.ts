/**
 * Settings that could change what a statement does or how a value is written, pinned for every session, so that
 * two servers set up differently execute and answer alike. Server-wide ones cannot be pinned; `compatibility` has them.
 */
export const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  search_path: 'public',
  timezone: 'UTC',
  timezone_abbreviations: 'Default',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  xmloption: 'content',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  default_text_search_config: 'pg_catalog.english',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  escape_string_warning: 'off',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  row_security: 'on',
  check_function_bodies: 'on',
  default_tablespace: '',
  default_table_access_method: 'heap',
  default_toast_compression: 'pglz',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  'plpgsql.variable_conflict': 'error',
  // Time-outs come at another moment on every machine: a statement that is applied has none.
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  // A lock held by a stranger is trouble of the store, and must not hold up the log without a word.
  lock_timeout: '2s',
  // Sums of floating-point numbers depend on the order of addition.
  max_parallel_workers_per_gather: '0',
  gin_fuzzy_search_limit: '0',
  jit: 'off',
};

/** The mark of a session that may write: the guard triggers look for it, and so do the functions of schema quorate. */
export const MAY_WRITE: Readonly<Record<string, string>> = { 'quorate.applier': 'on' };
