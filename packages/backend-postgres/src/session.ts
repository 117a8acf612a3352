/**
 * One connection to the server with pinned settings. Values travel as text, as PostgreSQL writes them; nothing is
 * converted on the way. Statements may be sent without waiting (`pg` in pipeline mode) and are executed in order.
 */
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { BackendDiverged, BackendUnavailable, cutText } from '@quorate/core/ports';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { ServerLink } from './embedded/link.ts';
import { PINNED_SETTINGS } from './settings.ts';
import { SilenceWatch } from './silence-watch.ts';
import { adviceFor, type Judgement, judge } from './sqlstate.ts';

export type Value = string | null;

export type Field = { readonly name: string; readonly typeId: number };

export type Reply = {
  /** The first word of the server's command tag: INSERT, SELECT, CREATE ... */
  readonly command: string;
  /** Rows read or changed; null for commands that do not count. */
  readonly rowCount: number | null;
  readonly fields: readonly Field[];
  readonly rows: readonly (readonly Value[])[];
  /** There were more bytes of rows than were asked for; `rows` is only their beginning. */
  readonly isCut: boolean;
};

export type AskOptions = {
  /** The server keeps the plan under this name for this session; the same name always goes with the same text. */
  readonly name?: string;
  /** What rows may still take; several statements may share one. */
  readonly budget?: RowBudget;
};

/** Characters of values and names of columns that may still be kept; below zero, rows are dropped. */
export type RowBudget = { left: number };

export type SessionOptions = {
  readonly link: ServerLink;
  /** Shown by the server as application_name. */
  readonly purpose: string;
  readonly connectTimeoutMs: number;
  /** A server that owes an answer and says nothing for so long is given up; undefined waits for ever. */
  readonly answerTimeoutMs?: number;
  /** Ends the session, whatever it does. */
  readonly signal: AbortSignal;
  /** Rows go in or out in bulk: then statements wait for one another. */
  readonly copies?: boolean;
  /** More settings, after the pinned ones. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** An answer of the server that is an error. `state` is undefined when the connection broke. */
export class SqlFailure extends Error {
  readonly state: string | undefined;
  readonly judgement: Judgement;

  constructor(message: string, state: string | undefined, cause?: { readonly routine?: string }) {
    super(message, { cause });
    this.name = 'SqlFailure';
    this.state = state;
    this.judgement = judge(state, message, cause?.routine);
  }
}

/** A failure of our own statements, or of the store, in the words of the contract. */
export function troubleOf(error: unknown, doing: string, wayOut = ''): Error {
  if (error instanceof BackendUnavailable || error instanceof BackendDiverged) return error;
  const failure = error instanceof SqlFailure ? error : failureOf(error);
  const state = failure.state === undefined ? '' : ` (SQLSTATE ${failure.state})`;
  const advice = adviceFor(failure.state);
  const words = `${doing}: ${failure.message}${state}${advice === '' ? '' : `; ${advice}`}${wayOut}`;
  return failure.judgement === 'unavailable'
    ? new BackendUnavailable(words, { cause: error })
    : new BackendDiverged(words, { cause: error });
}

/** In UTF-16 units. */
const MAX_MESSAGE = 2000;

/** The system asks after a silent peer from then on; by itself it would after two hours. */
const KEEP_ALIVE_MS = 10_000;

/** Keeps every value as the text that came. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

export class Session {
  readonly #client: pg.Client;
  readonly #keepsPlans: boolean;
  readonly #silence: SilenceWatch;
  #broken: Error | undefined;

  private constructor(client: pg.Client, { link, answerTimeoutMs }: SessionOptions) {
    this.#client = client;
    this.#silence = new SilenceWatch(answerTimeoutMs, (reason) => {
      this.#broken ??= reason;
      this.#inside.connection.stream.destroy(reason);
    });
    // Names of plans would meet those of others where sessions share one of the server's.
    this.#keepsPlans = 'url' in link;
    client.on('error', (error) => {
      this.#broken ??= error;
    });
    client.on('end', () => {
      this.#broken ??= new Error('the connection was closed');
    });
  }

  /** @throws BackendUnavailable */
  static async connect(options: SessionOptions): Promise<Session> {
    const settings = { ...PINNED_SETTINGS, ...options.settings };
    const client = new pg.Client({
      ...(await targetOf(options.link, settings)),
      application_name: `quorate ${options.purpose}`,
      connectionTimeoutMillis: options.connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      pipeline: options.copies !== true,
    });
    const session = new Session(client, options);
    const { signal } = options;
    const end = (): void => session.abandon();
    signal.addEventListener('abort', end, { once: true });
    client.once('end', () => signal.removeEventListener('abort', end));
    try {
      if (signal.aborted) throw new BackendUnavailable('the backend is closed');
      await client.connect();
      const names = Object.entries(settings).map(([name, value]) => `SET ${name} TO ${quoteLiteral(value)}`);
      await session.run(names.join(';'));
      // Messages go into results. Only a superuser may choose their language; otherwise `compatibility` compares it.
      await session.run(`SET lc_messages TO 'C'`).catch(ignoreRefusal);
    } catch (error) {
      session.abandon();
      throw troubleOf(error, 'cannot connect to PostgreSQL');
    }
    return session;
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** The process that serves this session. */
  get serverPid(): number {
    return this.#inside.processID ?? 0;
  }

  /** One statement. @throws SqlFailure */
  ask(sql: string, params: readonly Value[] = [], { name, budget }: AskOptions = {}): Promise<Reply> {
    const reply = new Promise<Reply>((resolve, reject) => {
      const isCut = { value: false };
      const query = new pg.Query<readonly Value[]>({
        text: sql,
        values: params as Value[],
        rowMode: 'array',
        types: AS_TEXT,
        queryMode: 'extended',
        ...(name === undefined || !this.#keepsPlans ? {} : { name }),
      } as unknown as pg.QueryArrayConfig) as unknown as PlainQuery;
      query.callback = (error, result) => {
        if (error) reject(failureOf(error));
        else resolve(replyOf(result, isCut.value));
      };
      if (budget !== undefined) limitRows(query, budget, isCut);
      this.#client.query(query as unknown as pg.Submittable);
    });
    this.#silence.watch(reply);
    // Of many statements sent at once, those behind a failed one fail too, and nobody waits for them any more.
    reply.catch(() => undefined);
    return reply;
  }

  /** Our own statements, several in one text, without parameters or rows. @throws SqlFailure */
  async run(sql: string): Promise<void> {
    try {
      const reply = this.#client.query(sql);
      this.#silence.watch(reply);
      await reply;
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** The rows of `COPY ... TO STDOUT`, in pieces. Only for a session that copies. */
  copyOut(sql: string): Readable {
    return this.#client.query(copyTo(sql));
  }

  /** Takes the rows of `COPY ... FROM STDIN`. Only for a session that copies. */
  copyIn(sql: string): Writable {
    return this.#client.query(copyFrom(sql));
  }

  /** Drops every plan that has a name. Nothing may be under way. @throws SqlFailure */
  async forgetPlans(): Promise<void> {
    await this.run('DEALLOCATE ALL');
    const { connection } = this.#inside;
    connection.parsedStatements = {};
    connection.submittedNamedStatements = {};
  }

  /** What is sent within `body` leaves in as few packets as possible. */
  gather<Result>(body: () => Result): Result {
    const { stream } = this.#inside.connection;
    stream.cork();
    try {
      return body();
    } finally {
      stream.uncork();
    }
  }

  async close(): Promise<void> {
    await Promise.race([this.#client.end().catch(() => undefined), this.#ended()]);
  }

  /** Cuts the connection without a word; the server rolls back what was open. */
  abandon(): void {
    this.#broken ??= new Error('the connection was given up');
    this.#inside.connection.stream.destroy();
  }

  /** Parts of the client that `pg` does not document; its version is pinned. */
  get #inside(): ClientInside {
    return this.#client as unknown as ClientInside;
  }

  #ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#broken === undefined) this.#client.once('end', resolve);
      else resolve();
    });
  }
}

/** Where the client of `pg` sends its bytes. @throws BackendUnavailable */
async function targetOf(
  link: ServerLink,
  settings: Readonly<Record<string, string>>,
): Promise<pg.ClientConfig> {
  if ('url' in link) return { connectionString: link.url };
  const stream = await link.embedded.connect(settings);
  return { stream: () => stream, user: 'postgres', database: 'postgres', ssl: false };
}

type ClientInside = {
  readonly processID: number | null;
  readonly connection: {
    readonly stream: Socket;
    /** Text by name, of the plans that the server keeps, and of those that were sent and not confirmed. */
    parsedStatements: Record<string, string>;
    submittedNamedStatements: Record<string, string>;
  };
};

/** The part of a query object of `pg` that is used here. */
type PlainQuery = {
  handleRowDescription(message: { readonly fields: readonly { readonly name: string }[] }): void;
  handleDataRow(message: { readonly fields: readonly Value[] }): void;
  callback: (error: unknown, result: RawResult | RawResult[]) => void;
};

type RawResult = {
  readonly command: string | null;
  readonly rowCount: number | null;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly Value[])[];
};

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof SqlFailure) || error.judgement !== 'refused') throw error;
}

/** Of one column in a result, without its name, in characters. */
const FIELD_COST = 32;

/** Rows beyond the budget are dropped as they come, so that no answer can fill the memory. */
function limitRows(query: PlainQuery, budget: RowBudget, isCut: { value: boolean }): void {
  const takeFields = query.handleRowDescription.bind(query);
  const takeRow = query.handleDataRow.bind(query);
  query.handleRowDescription = (message) => {
    for (const { name } of message.fields) budget.left -= FIELD_COST + name.length;
    if (budget.left < 0) isCut.value = true;
    takeFields(message);
  };
  query.handleDataRow = (message) => {
    // Rows without columns are only counted, and the server does that.
    if (message.fields.length === 0) return;
    for (const value of message.fields) budget.left -= 4 + (value?.length ?? 0);
    if (budget.left < 0) isCut.value = true;
    else takeRow(message);
  };
}

function replyOf(raw: RawResult | RawResult[], isCut: boolean): Reply {
  const result = Array.isArray(raw) ? (raw.at(-1) as RawResult) : raw;
  return {
    command: result.command ?? '',
    rowCount: result.rowCount,
    fields: result.fields.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID })),
    rows: result.rows,
    isCut,
  };
}

function failureOf(error: unknown): SqlFailure {
  const given = error as { readonly code?: unknown; readonly message?: unknown; readonly routine?: string };
  const { code, message } = given;
  // Errors of the socket have codes like ECONNRESET; those of the server have five characters.
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  // What a function raises can be of any length, and becomes part of a result.
  return new SqlFailure(cutText(String(message ?? error), MAX_MESSAGE), state, given);
}

export function quoteLiteral(text: string): string {
  return pg.escapeLiteral(text);
}

export function quoteName(name: string): string {
  return pg.escapeIdentifier(name);
}
