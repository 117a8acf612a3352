/** The PostgreSQL backend keeps every rule of the backend contract on a real server. */

import { backendConformance, textCommand } from '@quorate/core/testing';
import { checkOptions } from '#src/options.ts';
import { PostgresBackend } from '#src/postgres-backend.ts';
import { Databases } from './databases.ts';
import { PLAIN_SQL } from './plain-sql.ts';

const urls = new WeakMap<object, string>();

function open(url: string): PostgresBackend {
  const backend = new PostgresBackend(checkOptions({ url }), PLAIN_SQL);
  urls.set(backend, url);
  return backend;
}

function urlOf(backend: object): string {
  return urls.get(backend) ?? '';
}

describe('PostgreSQL', function () {
  this.timeout(120_000);
  let databases: Databases;
  before(async () => {
    databases = await Databases.start();
  });
  after(() => databases.stop());

  backendConformance({
    name: 'postgres',
    create: async () => open(await databases.create()),
    reopen: (backend) => open(urlOf(backend)),
    crash: async (backend) => {
      await backend.close();
      await databases.cutOff(urlOf(backend));
    },
    disturb: (backend) => databases.cutOff(urlOf(backend)),
    commands: [
      textCommand(
        'CREATE TABLE IF NOT EXISTS t (id serial PRIMARY KEY, k text UNIQUE, v int CHECK (v < 100))',
      ),
      textCommand("INSERT INTO t (k, v) VALUES ('a', 1)"),
      textCommand('SELECT * FROM t ORDER BY id'),
    ],
    refused: [textCommand(''), textCommand('SELECTED'), textCommand('BEGIN')],
    randomCommand(random) {
      const key = random.pick(['a', 'b', 'c', 'd', 'e']);
      const draw = random.below(20);
      if (draw < 4)
        return textCommand(
          'CREATE TABLE IF NOT EXISTS t (id serial PRIMARY KEY, k text UNIQUE, v int CHECK (v < 100))',
        );
      if (draw < 9)
        return textCommand(`INSERT INTO t (k, v) VALUES ('${key}', ${random.below(50)}) RETURNING id`);
      if (draw < 13)
        return textCommand(`UPDATE t SET v = v + ${random.below(30)} WHERE k >= '${key}' RETURNING *`);
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
      return textCommand('SELECT * FROM t ORDER BY k');
    },
  });
});
