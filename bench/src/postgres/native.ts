/**
 * PostgreSQL's own way to keep three servers in step: a primary that answers a commit when one of two standbys has flushed
 * it (`synchronous_standby_names = 'ANY 1 (s1,s2)'`), loaded by `pgbench` with prepared statements, a connection per client.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  findServerPrograms,
  sql,
  startTemporaryPostgres,
  type TemporaryPostgres,
} from '@quorate/backend-postgres/testing';
import { KEYS, VALUE_BYTES } from '../system.ts';
import { TABLE, UPSERT } from './statement.ts';

export type Measured = { readonly perSecond: number; readonly meanMs: number };

export class NativeReplication {
  readonly #servers: TemporaryPostgres[] = [];
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async start(directory: string): Promise<NativeReplication> {
    const native = new NativeReplication(directory);
    const options = { fsync: true, parent: directory };
    try {
      const settings = { synchronous_standby_names: 'ANY 1 (s1,s2)' };
      const primary = await startTemporaryPostgres({ ...options, settings });
      native.#servers.push(primary);
      for (const name of ['s1', 's2'])
        native.#servers.push(
          await startTemporaryPostgres({ ...options, standbyOf: { url: primary.url, name } }),
        );
      await sql(primary.url, TABLE);
      return native;
    } catch (error) {
      await native.stop();
      throw error;
    }
  }

  async load(clients: number, seconds: number): Promise<Measured> {
    const script = join(this.#directory, 'upsert.sql');
    const statement = UPSERT.replace('$1', ':key').replace('$2', `'${'v'.repeat(VALUE_BYTES)}'`);
    writeFileSync(script, `\\set key random(1, ${KEYS})\n${statement};\n`);
    const words = [
      '-n',
      '-M',
      'prepared',
      '-f',
      script,
      '-T',
      seconds,
      '-c',
      clients,
      '-j',
      Math.min(2, clients),
    ];
    const url = this.#servers[0]?.url ?? '';
    const pgbench = join(findServerPrograms(), 'pgbench');
    const { stdout } = await promisify(execFile)(pgbench, [...words.map(String), url]);
    const [, tps] = /^tps = ([\d.]+)/m.exec(stdout) ?? [];
    const [, latency] = /^latency average = ([\d.]+) ms/m.exec(stdout) ?? [];
    if (tps === undefined) throw new Error(`pgbench said: ${stdout.slice(0, 300)}`);
    return { perSecond: Number(tps), meanMs: Number(latency) };
  }

  async stop(): Promise<void> {
    // A primary that waits for its standbys does not end in peace: it goes first.
    for (const server of this.#servers) await server.stop();
  }
}
