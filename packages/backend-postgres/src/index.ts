/** Public surface of @quorate/backend-postgres. Choose it with `backend: postgres` in config.yaml. */
export type { StateDigest } from './digest.ts';
export { type InitOptions, type InitReport, initServer } from './init.ts';
export type { PostgresOptions } from './options.ts';
export { PostgresBackend } from './postgres-backend.ts';
export { readSqlResult, type SqlResult } from './result.ts';
export type { CatalogReader, Pins, SqlCommand, SqlStatement } from './sql/command.ts';
export type { SqlLanguage } from './sql-language.ts';
