/** Public surface of @quorate/backend-postgres. Choose it with `backend: postgres` in config.yaml. */
export type { CatalogReader, Pins, SqlCommand, SqlStatement } from './sql/command.ts';
