/** A database of the corpus: the same schema and rows as every other one, with another history on the disk. */
import { randomBytes } from 'node:crypto';
import type { PrepareContext } from '@quorate/core/ports';
import { Session, SqlFailure } from '#src/session.ts';
import { MAY_WRITE } from '#src/settings.ts';
import {
  type Catalog,
  type CatalogReader,
  loadCatalog,
  PINNED_FUNCTIONS_SQL,
  pinStatement,
  prepareCommand,
  type SqlCommand,
} from '#src/sql/index.ts';
import { readBlocks } from './read-corpus.ts';

export type History = {
  readonly name: string;
  /** -1: rows come in the reverse order, and are then moved about. */
  readonly direction: 1 | -1;
  /** Settings of the database, beside the pinned ones of every session: clock zone, locale, plans. */
  readonly settings: Readonly<Record<string, string>>;
};

export const HISTORIES: readonly [History, History] = [
  { name: 'corpus_one', direction: 1, settings: {} },
  {
    name: 'corpus_two',
    direction: -1,
    settings: {
      timezone: 'Asia/Tokyo',
      datestyle: 'SQL, DMY',
      lc_time: 'C.UTF-8',
      intervalstyle: 'sql_standard',
      extra_float_digits: '-2',
      bytea_output: 'escape',
      enable_seqscan: 'off',
      enable_hashagg: 'off',
      enable_hashjoin: 'off',
      enable_nestloop: 'off',
      work_mem: '64kB',
      random_page_cost: '1',
    },
  },
];

export const context = (nowMs: number): PrepareContext => ({
  nowMs,
  random: (count) => new Uint8Array(randomBytes(count)),
});

export class CorpusDatabase {
  readonly session: Session;

  private constructor(session: Session) {
    this.session = session;
  }

  static async create(url: string, history: History): Promise<CorpusDatabase> {
    const first = await Session.connect({
      link: { url },
      purpose: 'corpus',
      connectTimeoutMs: 30_000,
      signal: new AbortController().signal,
    });
    await first.run(`create database ${history.name}`);
    for (const [name, value] of Object.entries(history.settings))
      await first.run(`alter database ${history.name} set ${name} to '${value}'`);
    await first.close();
    const own = new URL(url);
    own.pathname = `/${history.name}`;
    const session = await Session.connect({
      link: { url: own.toString() },
      purpose: 'corpus',
      connectTimeoutMs: 30_000,
      signal: new AbortController().signal,
      settings: MAY_WRITE,
    });
    const database = new CorpusDatabase(session);
    await database.#fill(history);
    return database;
  }

  async #fill({ direction }: History): Promise<void> {
    await this.session.run(`create schema quorate; ${PINNED_FUNCTIONS_SQL}`);
    for (const sql of readBlocks('schema')) {
      const prepared = prepareCommand(
        { statements: [{ sql, params: [] }], isDdl: true },
        await this.catalog(),
        context(0),
      );
      await this.execute(prepared);
    }
    for (const sql of readBlocks('foreign')) await this.session.run(sql);
    await this.session.run(`set quorate.now = '2024-06-01 00:00:00+00'`);
    for (const sql of readBlocks('rows')) await this.session.run(sql.replace('DIRECTION', String(direction)));
    if (direction === -1) await this.#moveRows();
    await this.session.run(`set quorate.now = ''`);
    // Filling has drawn numbers in its own order.
    await this.session.run(
      'truncate audit; alter sequence audit_n_seq restart; alter sequence items_id_seq restart 100',
    );
  }

  /** Rows change places on the disk; what they say stays. */
  async #moveRows(): Promise<void> {
    for (const table of ['accounts', 'deltas', 'slots', 'notes', 'events', 'people', 'base'])
      await this.session.run(
        `create temp table moved as select * from ${table} order by md5(${table}::text);
         set session_replication_role = replica; delete from ${table}; insert into ${table} select * from moved;
         set session_replication_role = origin; drop table moved; analyze ${table}`,
      );
  }

  catalog(): Promise<Catalog> {
    const reader: CatalogReader = {
      query: async (sql, params) => (await this.session.ask(sql, params)).rows,
    };
    return loadCatalog(reader, 0);
  }

  async execute(command: SqlCommand): Promise<readonly string[]> {
    const pin = pinStatement(command);
    if (pin !== undefined) await this.session.ask(pin.sql, pin.params);
    const replies: string[] = [];
    for (const { sql, params } of command.statements) {
      const { command: tag, rows } = await this.session.ask(sql, params);
      const texts = rows.map((row) => JSON.stringify(row));
      // The store sorts what UPDATE, DELETE and MERGE return.
      replies.push(`${tag} ${(/^(UPDATE|DELETE|MERGE)/.test(tag) ? texts.toSorted() : texts).join(' ')}`);
    }
    return replies;
  }

  /** Executes and takes it back. What happened: the replies or the error, and the state it led to. */
  async tryOut(command: SqlCommand): Promise<{ readonly outcome: string; readonly state: string }> {
    await this.session.run('begin');
    try {
      const outcome = await this.#outcomeOf(command);
      return { outcome, state: outcome.startsWith('error') ? '' : await this.#state() };
    } finally {
      await this.session.run('rollback');
    }
  }

  async #outcomeOf(command: SqlCommand): Promise<string> {
    try {
      return (await this.execute(command)).join('\n');
    } catch (error) {
      if (!(error instanceof SqlFailure)) throw error;
      return `error ${error.state}: ${error.message}`;
    }
  }

  /** All rows, sequences and definitions, in an order that has nothing to do with the disk. */
  async #state(): Promise<string> {
    const { rows } = await this.session.ask(STATE_SQL);
    return rows.map((row) => row.join(' ')).join('\n');
  }
}

const STATE_SQL = `
select c.oid::regclass::text, case c.relkind
  when 'v' then pg_get_viewdef(c.oid)
  when 'S' then (xpath('/table/row/*/text()', query_to_xml(format('select last_value || '':'' || is_called as v from %s', c.oid::regclass), true, false, '')))[1]::text
  else (xpath('/table/row/*/text()', query_to_xml(format('select string_agg(md5(t::text), '','' order by md5(t::text)) as v from %s t', c.oid::regclass), true, false, '')))[1]::text end,
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), ''), ',' order by a.attnum)
   from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = c.oid and a.attnum > 0)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname not in ('pg_catalog', 'information_schema', 'quorate') and n.nspname not like 'pg_t%' and c.relkind in ('r', 'p', 'v', 'S')
order by 1`;
