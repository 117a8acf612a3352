/** Counters in a table of PostgreSQL, with a serial column beside them: sequences must not shift either. */
import { createBackend, readSqlResult } from '@quorate/backend-postgres';
import { startTemporaryPostgres } from '@quorate/backend-postgres/testing';
import { type ExecResult, RefusedError } from '@quorate/client';
import type { StoreKind } from './store-kind.ts';

const TABLE = 'CREATE TABLE counters (id serial UNIQUE, key text PRIMARY KEY, n bigint NOT NULL)';
const INCREMENT =
  'INSERT INTO counters (key, n) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET n = counters.n + 1 RETURNING n';

export const postgres: StoreKind = {
  name: 'postgres',
  startServer: () => startTemporaryPostgres(),
  async prepare(client) {
    valueIn(await client.exec(TABLE));
  },
  increment: async (client, key) => Number(valueIn(await client.exec([INCREMENT, key]))),
  count: async (client, key) =>
    Number(valueIn(await client.exec(['SELECT n FROM counters WHERE key = $1', key])) ?? 0),
  async digest(url) {
    const backend = createBackend({ url });
    try {
      return await backend.digest();
    } finally {
      await backend.close();
    }
  },
};

/** The first value of the last statement. */
function valueIn(result: ExecResult): string | null | undefined {
  if (!result.ok) throw new RefusedError(result.code, result.message, result.slot);
  return readSqlResult(result.value ?? new Uint8Array(0)).at(-1)?.rows?.[0]?.[0];
}
