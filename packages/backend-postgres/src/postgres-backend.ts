/**
 * The PostgreSQL backend: one server for each replica, which holds the data, and beside it, in the schema `quorate`,
 * what the framework keeps. Written against the full contract (`Backend` in @quorate/core/ports).
 *
 * Here is who does what: `writer.ts` applies, `side-sessions.ts` read and flush, `snapshot/` carries the whole database,
 * `sql/` knows the language: what is a read, what is refused, what is fixed before it is logged.
 */
import {
  type ApplyBatch,
  asSlot,
  type Backend,
  type BackendContext,
  type BackendHealth,
  type BackendImage,
  BackendRewound,
  type BackendSnapshot,
  BackendUnavailable,
  type Parsed,
  type PrepareContext,
  type Slot,
} from '@quorate/core/ports';
import type { CommandInput, Result } from '@quorate/wire';
import { digestOf, digestParts, type StateDigest } from './digest.ts';
import { PGliteServer } from './embedded/embedded-server.ts';
import { type OpenedWriter, openWriter } from './open-writer.ts';
import type { PostgresOptions } from './options.ts';
import { runQuery, unreadMark, WRITES } from './query.ts';
import { readSchemaParts } from './schema-parts.ts';
import { claimDatabase } from './server-check.ts';
import { Session, type SessionOptions, troubleOf } from './session.ts';
import { MAY_WRITE } from './settings.ts';
import { SideSessions } from './side-sessions.ts';
import { OpenSnapshots } from './snapshot/open-snapshots.ts';
import { type ReceivedSnapshot, restoreFrom, withReceived } from './snapshot/restore.ts';
import type { SqlCommand } from './sql/command.ts';
import type { SqlLanguage } from './sql-language.ts';
import { Turns } from './turns.ts';

export class PostgresBackend implements Backend<SqlCommand> {
  readonly name = 'postgres';
  readonly durability: 'durable' | 'volatile';
  readonly #options: PostgresOptions;
  readonly #language: SqlLanguage;
  /** In place of a server. */
  readonly #embedded: PGliteServer | undefined;
  readonly #connect: SessionOptions;
  readonly #side: SideSessions;
  #opened: OpenedWriter | undefined;
  /** The catalog as `prepare` uses it, of one epoch. */
  #catalog: { readonly epoch: number; readonly loading: Promise<unknown>; loaded?: unknown } | undefined;
  /** The latest that was read, maybe of an earlier epoch: what calls a function that writes is never taken for a read meanwhile. */
  #latest: unknown;
  /** Ends every session. */
  readonly #ending = new AbortController();
  readonly #onAbort = (): void => void this.close();
  #loaded = false;
  #directory = '';
  /** Applying, the beginning of a snapshot and restoring take turns. */
  readonly #turns = new Turns();
  readonly #snapshots = new OpenSnapshots();

  constructor(options: PostgresOptions, language: SqlLanguage) {
    const { url, connectTimeoutMs } = options;
    this.#options = options;
    this.#language = language;
    this.#embedded = url === undefined ? new PGliteServer(() => this.#directory) : undefined;
    this.durability = this.#embedded === undefined ? 'durable' : 'volatile';
    const link = url === undefined ? { embedded: this.#embedded as PGliteServer } : { url };
    this.#connect = { link, connectTimeoutMs, purpose: 'apply', signal: this.#ending.signal };
    this.#side = new SideSessions(this.#connect, options.readTimeoutMs);
  }

  async open({ directory, signal }: BackendContext): Promise<BackendImage> {
    if (!this.#loaded) await this.#language.load();
    this.#loaded = true;
    this.#directory = directory;
    if (signal.aborted) await this.close();
    // The same listener each time the store is opened again, which counts as one.
    else signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#opened?.writer.session.abandon();
    this.#opened = undefined;
    // Volatile: the framework keeps no records for it, so what it holds is of use to the one who filled it only.
    await this.#embedded?.crash();
    return imageOf(await this.#reopen());
  }

  async #reopen(): Promise<OpenedWriter> {
    await this.#embedded?.start();
    const opened = await openWriter(this.#connect, this.#language, this.#options.refuse);
    this.#opened = opened;
    this.#loadCatalogSoon();
    return opened;
  }

  parse(input: CommandInput): Parsed<SqlCommand> {
    return this.#language.parse(input, this.#latest);
  }

  encode(command: SqlCommand): Uint8Array {
    return this.#language.encode(command);
  }

  decode(bytes: Uint8Array): SqlCommand {
    return this.#language.decode(bytes);
  }

  explain(input: CommandInput): string {
    return this.#language.explain(input, this.#latest);
  }

  prepare(command: SqlCommand, context: PrepareContext): SqlCommand | Promise<SqlCommand> {
    const known = this.#catalog;
    if (known?.loaded !== undefined && known.epoch === this.#opened?.writer.catalogEpoch)
      return this.#language.prepare(command, known.loaded, context);
    return this.#currentCatalog().then((catalog) => this.#language.prepare(command, catalog, context));
  }

  /** So that it is there when the next command comes; whoever needs it asks again if this fails. */
  #loadCatalogSoon(): void {
    this.#currentCatalog().catch(() => undefined);
  }

  /** Read once for every epoch; whoever comes meanwhile waits for the same reading. */
  async #currentCatalog(): Promise<unknown> {
    const epoch = this.#opened?.writer.catalogEpoch;
    if (epoch === undefined) throw new BackendUnavailable('the store is not open');
    if (this.#catalog?.epoch !== epoch) {
      const catalog: { epoch: number; loading: Promise<unknown>; loaded?: unknown } = {
        epoch,
        loading: this.#loadCatalog(epoch),
      };
      this.#catalog = catalog;
      catalog.loading.then(
        (loaded) => {
          catalog.loaded = loaded;
          this.#latest = loaded;
        },
        () => {
          if (this.#catalog === catalog) this.#catalog = undefined;
        },
      );
    }
    return this.#catalog.loading;
  }

  /** @throws BackendUnavailable; BackendRewound when the server came back empty or older; BackendDiverged */
  async #loadCatalog(epoch: number): Promise<unknown> {
    const applied = this.#opened?.writer.mark?.slot ?? 0;
    const session = await this.#side.extra('catalog');
    try {
      await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const reader = {
        query: async (sql: string, params: readonly (string | null)[]) =>
          (await session.ask(sql, params)).rows,
      };
      const [row] = await reader
        .query('SELECT slot, catalog_epoch FROM quorate.mark', [])
        .catch((error: unknown) => {
          throw unreadMark(error, 'cannot read the catalog');
        });
      if (Number(row?.[0]) < applied)
        throw new BackendRewound(`the database is at slot ${row?.[0]}, and was at slot ${applied}`);
      if (Number(row?.[1]) !== epoch) throw new BackendUnavailable('the schema is being changed; try again');
      return await this.#language.loadCatalog(reader, epoch);
    } catch (error) {
      throw troubleOf(error, 'cannot read the catalog');
    } finally {
      await session.close();
    }
  }

  apply(batch: ApplyBatch<SqlCommand>): Promise<readonly Result[]> {
    return this.#turns.take(() => this.#snapshots.around(batch, () => this.#apply(batch)));
  }

  async #apply(batch: ApplyBatch<SqlCommand>): Promise<readonly Result[]> {
    const opened = this.#opened?.writer.session.isBroken === false ? this.#opened : await this.#reopen();
    const { writer } = opened;
    const before = writer.catalogEpoch;
    const results = await writer.apply(batch);
    if (writer.catalogEpoch !== before) this.#loadCatalogSoon();
    return results;
  }

  async query(command: SqlCommand): Promise<Result> {
    const opened = this.#opened;
    if (opened === undefined) throw new BackendUnavailable('the store is not open');
    // Another one that was started since is empty.
    if (this.#embedded !== undefined && (!this.#embedded.isRunning || opened.writer.session.isBroken))
      throw new BackendRewound('the embedded PostgreSQL ended; it is filled again from the log');
    const session = await this.#side.get('read');
    const { typeName, mark } = opened.writer;
    const result = await runQuery(command, { session, typeName, mark });
    if (!result.ok && result.code === WRITES) await this.#requireRead(command);
    return result;
  }

  /**
   * What was taken for a read with an older schema may write with the one of now. The client may be asking again what took
   * effect as a write at another node, so it is not told that it was refused.
   */
  async #requireRead({ statements }: SqlCommand): Promise<void> {
    const text = JSON.stringify({ statements: statements.map(({ sql, params }) => ({ sql, params })) });
    const parsed = this.#language.parse({ form: 'text', text }, await this.#currentCatalog());
    if (parsed.ok && parsed.access === 'write')
      throw new BackendUnavailable(
        'the schema was changed after this command was read: it writes; ask again',
      );
  }

  async flush(): Promise<Slot> {
    const opened = this.#opened;
    if (opened === undefined) throw new BackendUnavailable('the store is not open');
    const slot = opened.writer.mark?.slot ?? asSlot(0);
    try {
      const session = await this.#side.get('care');
      // A commit that waits for its flush has everything before it flushed too.
      await session.ask('UPDATE quorate.flushes SET count = count + 1', [], { name: 'quorate_flush' });
    } catch (error) {
      throw troubleOf(error, 'cannot flush');
    }
    return opened.facts.flushes ? slot : asSlot(0);
  }

  snapshot(): Promise<BackendSnapshot> {
    const { url, pgDump } = this.#options;
    if (url === undefined) return Promise.reject(new BackendUnavailable(NO_SNAPSHOTS));
    return this.#turns.take(async () => {
      const opened = this.#opened ?? (await this.#reopen());
      const session = await this.#side.extra('snapshot', { copies: true, isLong: true });
      const { major: serverMajor } = opened.facts;
      return this.#snapshots.take({ session, directory: this.#directory, url, pgDump, serverMajor });
    });
  }

  async restore(received: ReceivedSnapshot): Promise<BackendImage> {
    if (this.#embedded !== undefined) throw new BackendUnavailable(NO_SNAPSHOTS);
    await withReceived(received, this.#directory, (file) =>
      this.#turns.take(async () => {
        const opened = this.#opened ?? (await this.#reopen());
        this.#snapshots.cancelAll('a snapshot is being restored');
        await opened.writer.session.close();
        const session = await Session.connect({
          ...this.#connect,
          purpose: 'restore',
          copies: true,
          settings: MAY_WRITE,
        });
        try {
          await claimDatabase(session);
          await restoreFrom(file, received.slot, session, opened.facts.major);
        } finally {
          await session.close();
        }
      }),
    );
    this.#catalog = undefined;
    return imageOf(await this.#turns.take(() => this.#reopen()));
  }

  async digest(): Promise<string> {
    return digestOf(await this.digestParts());
  }

  /** The digests of schema, tables and sequences by name, to find where two replicas differ. */
  async digestParts(): Promise<StateDigest> {
    const session = await this.#side.extra('digest', { isLong: true });
    try {
      await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return await digestParts(session);
    } catch (error) {
      throw troubleOf(error, 'cannot compute the digest');
    } finally {
      await session.close();
    }
  }

  async health(): Promise<BackendHealth> {
    const opened = this.#opened;
    if (opened === undefined) return { ok: false, detail: 'the store is not open' };
    try {
      const { unguarded } = await readSchemaParts(await this.#side.get('care'));
      if (unguarded.length > 0)
        return { ok: false, detail: `table ${unguarded[0]} was made or changed by somebody else` };
    } catch (error) {
      return { ok: false, detail: troubleOf(error, 'the server does not answer').message };
    }
    if (this.#embedded !== undefined)
      return {
        ok: true,
        detail: `PostgreSQL ${opened.facts.major}, embedded; filled from the log at each start`,
      };
    const warning = opened.facts.flushes
      ? ''
      : '; fsync or full_page_writes is off: nothing is reported as durable';
    return { ok: true, detail: `PostgreSQL ${opened.facts.major}${warning}` };
  }

  compatibility(): Readonly<Record<string, string>> {
    if (this.#opened === undefined) return {};
    const refused = this.#options.refuse.join(' ');
    return { ...this.#opened.facts.compatibility, 'refused commands': refused === '' ? 'none' : refused };
  }

  async close(): Promise<void> {
    this.#snapshots.cancelAll('the node ends');
    // Nothing is lost with an open transaction: what was not committed is applied again from the log.
    this.#ending.abort();
    await this.#embedded?.stop();
  }
}

const NO_SNAPSHOTS =
  'the embedded PostgreSQL takes and restores no snapshots, which need pg_dump and COPY; give each node the `url` of a server';

function imageOf({ state: { mark, records, lastResults } }: OpenedWriter): BackendImage {
  return { mark, records, lastResults };
}
