/** Sample commands and a throw-away server for the conformance kit: `quorate conform postgres`, and this package's own test. */
import type { Backend } from '@quorate/core/ports';
import { argumentsCommand, type StartedSubject, textCommand } from '@quorate/core/testing';
import { createBackend } from './index.ts';
import { Databases } from './testing/databases.ts';
import type { TemporaryPostgresOptions } from './testing/temporary-postgres.ts';

export { createBackend } from './index.ts';

/** Every store is a new database on one server that is started for it, so options that name one cannot be followed. */
export async function conformance(
  options?: unknown,
  server: TemporaryPostgresOptions = {},
): Promise<StartedSubject> {
  if (options !== undefined)
    throw new TypeError('the conformance of postgres starts a server of its own; leave the options out');
  const databases = await Databases.start(server);
  const urls = new Map<Backend, string>();
  const over = (url: string): Backend => {
    const backend = createBackend({ url }) as Backend;
    urls.set(backend, url);
    return backend;
  };
  const urlOf = (backend: Backend): string => urls.get(backend) ?? '';
  return {
    name: 'postgres',
    create: async () => over(await databases.create()),
    reopen: (backend) => over(urlOf(backend)),
    crash: async (backend) => {
      await backend.close();
      await databases.cutOff(urlOf(backend));
    },
    disturb: (backend) => databases.cutOff(urlOf(backend)),
    ...POSTGRES_SAMPLES,
    stop: () => databases.stop(),
  };
}

const TABLE =
  'CREATE TABLE IF NOT EXISTS t (id serial PRIMARY KEY, k text UNIQUE, v int CHECK (v < 100), at timestamptz DEFAULT now(), tag uuid DEFAULT gen_random_uuid())';
const KEYS = ['a', 'b', 'c', 'é', "it''s"];

/** For every choice of server. */
export const POSTGRES_SAMPLES: Pick<StartedSubject, 'commands' | 'refused' | 'randomCommand'> = {
  commands: [
    textCommand(TABLE),
    textCommand("INSERT INTO t (k, v) VALUES ('a', 1) RETURNING id"),
    textCommand("UPDATE t SET v = v + 1 WHERE k = 'a'; DELETE FROM t WHERE v > 50"),
    textCommand('{"sql": "INSERT INTO t (k, v) VALUES ($1, $2)", "params": ["b", "7"]}'),
    argumentsCommand('INSERT INTO t (k, v) VALUES ($1, $2)', 'c', '8'),
    textCommand('SELECT * FROM t ORDER BY id'),
    argumentsCommand('SELECT v FROM t WHERE k = $1', 'a'),
  ],
  refused: [
    textCommand(''),
    textCommand('SELECTED'),
    textCommand('BEGIN'),
    textCommand('SET timezone TO 0'),
    textCommand('VACUUM t'),
    textCommand('COPY t FROM STDIN'),
    textCommand("SELECT 'open"),
    argumentsCommand(),
    argumentsCommand('SELECT $1'),
    { form: 'arguments', bytes: Uint8Array.of(1, 0, 9) },
  ],
  randomCommand(random) {
    const key = random.pick(KEYS);
    const draw = random.below(20);
    if (draw < 4) return textCommand(TABLE);
    if (draw < 9)
      return textCommand(`INSERT INTO t (k, v) VALUES ('${key}', ${random.below(50)}) RETURNING id, tag`);
    if (draw < 12)
      return textCommand(`UPDATE t SET v = v + ${random.below(30)} WHERE k >= '${key}' RETURNING k, v`);
    if (draw < 13) return textCommand(`UPDATE t SET at = now(), tag = gen_random_uuid() WHERE k = '${key}'`);
    if (draw < 15) return textCommand(`DELETE FROM t WHERE k = '${key}'`);
    if (draw < 16)
      return textCommand(
        `INSERT INTO t (k, v) VALUES ('${key}', 1) ON CONFLICT (k) DO UPDATE SET v = t.v + 1; UPDATE t SET v = 99 - v`,
      );
    if (draw < 17)
      return textCommand(
        random.pick([
          'DROP TABLE IF EXISTS t',
          'TRUNCATE t',
          'ALTER TABLE t ADD COLUMN IF NOT EXISTS extra int DEFAULT 7',
        ]),
      );
    return textCommand('SELECT k, v, id FROM t ORDER BY k');
  },
};
