/** One server for a test file, and a fresh database on it for every store. */
import { startTemporaryPostgres, type TemporaryPostgres } from '@quorate/backend-postgres/testing';
import pg from 'pg';

export class Databases {
  readonly server: TemporaryPostgres;
  #count = 0;

  constructor(server: TemporaryPostgres) {
    this.server = server;
  }

  static async start(options?: Parameters<typeof startTemporaryPostgres>[0]): Promise<Databases> {
    return new Databases(await startTemporaryPostgres(options));
  }

  /** The URL of a new, empty database. */
  async create(): Promise<string> {
    const name = `store_${++this.#count}`;
    await sql(this.server.url, `CREATE DATABASE ${name}`);
    return this.server.url.replace(/\/postgres$/, `/${name}`);
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
