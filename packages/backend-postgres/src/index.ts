/** Public surface of @quorate/backend-postgres. Choose it with `backend: postgres` in config.yaml. */
import { checkOptions } from './options.ts';
import { PostgresBackend } from './postgres-backend.ts';
import { SQL } from './sql/index.ts';

export type { StateDigest } from './digest.ts';
export { type InitOptions, type InitReport, initServer } from './init.ts';
export type { PostgresOptions } from './options.ts';
export { PostgresBackend } from './postgres-backend.ts';
export { readSqlResult, type SqlResult } from './result.ts';
export type { CatalogReader, Pins, SqlCommand, SqlStatement } from './sql/command.ts';
export type { SqlLanguage } from './sql-language.ts';

/** The factory that the framework calls with `backendOptions` of config.yaml. @throws QuorateError CONFIG_INVALID */
export function createBackend(options?: unknown): PostgresBackend {
  return new PostgresBackend(checkOptions(options), SQL);
}

export default createBackend;
