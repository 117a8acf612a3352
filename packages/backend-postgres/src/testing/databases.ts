/** One throw-away server for many stores, and a fresh database on it for every store. */

import pg from 'pg';
import {
  startTemporaryPostgres,
  type TemporaryPostgres,
  type TemporaryPostgresOptions,
} from './temporary-postgres.ts';

export class Databases {
  readonly server: TemporaryPostgres;
  /** Always connected, so that it acts at once. */
  #admin: pg.Client | undefined;
  #count = 0;

  constructor(server: TemporaryPostgres) {
    this.server = server;
  }

  static async start(options?: TemporaryPostgresOptions): Promise<Databases> {
    const databases = new Databases(await startTemporaryPostgres(options));
    await databases.connect();
    return databases;
  }

  /** Again, after the server was killed and restarted. */
  async connect(): Promise<void> {
    const admin = new pg.Client({ connectionString: this.server.url });
    admin.on('error', () => undefined); // The server may be killed.
    await admin.connect();
    this.#admin = admin;
  }

  /** The URL of a new, empty database. */
  async create(): Promise<string> {
    const name = `store_${++this.#count}`;
    await this.#admin?.query(`CREATE DATABASE ${name}`);
    return this.server.url.replace(/\/postgres$/, `/${name}`);
  }

  /** Ends every session of a database, whatever it does, and waits until they are gone. */
  async cutOff(url: string): Promise<void> {
    const name = new URL(url).pathname.slice(1);
    await this.#admin?.query(
      'SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1',
      [name],
    );
  }

  async stop(): Promise<void> {
    await this.#admin?.end();
    await this.server.stop();
  }
}

/** Runs a statement as a stranger would: over a connection of its own. */
export async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
