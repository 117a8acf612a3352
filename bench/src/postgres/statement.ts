/** What both sides execute: a row of 100 bytes, inserted or replaced. */
export const TABLE = 'CREATE TABLE bench (key bigint PRIMARY KEY, value text NOT NULL)';
export const UPSERT =
  'INSERT INTO bench (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value';
