/**
 * The session that applies batches: one transaction for each, in which effects, mark, records, sequences and results
 * are stored together or not at all.
 *
 * Two round trips a batch: everything that executes is sent at once, and when all of it went well, everything that
 * records it and the COMMIT. After any trouble the session is given up; the next one reads from the store what became
 * of it.
 */
import { type ApplyBatch, BackendDiverged, type BackendImage, cutText, judgeStep } from '@quorate/core/ports';
import type { Result } from '@quorate/wire';
import {
  CommandTrouble,
  type Execution,
  type ExecutionContext,
  executeAtOnce,
  executeWithCare,
  NeedsCare,
  TooManyRows,
} from './execution.ts';
import {
  arrayOf,
  DELETE_RECORDS,
  LOCK_MARK,
  markOf,
  markParams,
  recordParams,
  type StoredState,
  UPSERT_RECORDS,
  WRITE_MARK,
  WRITE_REFUSED,
} from './own-schema.ts';
import { PlanNames } from './plan-names.ts';
import { notedThrough, type RefusedCommands, refusedIn } from './refused-commands.ts';
import { maxWriteResult, tooLarge } from './result.ts';
import { guardTables, readSchemaParts, type SchemaParts, sequencesQuery } from './schema-parts.ts';
import {
  KEEP_SEQUENCES,
  movedParams,
  restoreSequences,
  type SequenceStates,
  statesOf,
  UPSERT_SEQUENCES,
} from './sequences.ts';
import { type Reply, type Session, SqlFailure, troubleOf } from './session.ts';
import type { SqlCommand } from './sql/command.ts';

/** After a command failed, so many batches start with savepoints: failures come in swarms. */
const CAREFUL_BATCHES = 16;

export type WriterOptions = {
  readonly session: Session;
  readonly state: StoredState;
  readonly parts: SchemaParts;
  readonly sequences: SequenceStates;
  readonly typeName: (id: number) => string | undefined;
  readonly pin: ExecutionContext['pin'];
  readonly refuse: RefusedCommands;
};

export class Writer {
  readonly session: Session;
  readonly #options: WriterOptions;
  readonly #plans = new PlanNames();
  #mark: BackendImage['mark'];
  #epoch: number;
  #lastResults: readonly Result[];
  #parts: SchemaParts;
  /** As the table `quorate.sequences` has them. */
  #sequences: SequenceStates;
  #careful = 0;

  constructor(options: WriterOptions) {
    const { session, state, parts, sequences } = options;
    this.session = session;
    this.#options = options;
    this.#mark = state.mark;
    this.#epoch = state.catalogEpoch;
    this.#lastResults = state.lastResults;
    this.#parts = parts;
    this.#sequences = sequences;
  }

  get mark(): BackendImage['mark'] {
    return this.#mark;
  }

  get typeName(): (id: number) => string | undefined {
    return this.#options.typeName;
  }

  get catalogEpoch(): number {
    return this.#epoch;
  }

  /** @throws BackendUnavailable, BackendDiverged; the session is broken afterwards unless nothing was begun */
  async apply(batch: ApplyBatch<SqlCommand>): Promise<readonly Result[]> {
    if (judgeStep(this.#mark, batch) === 'repeated') return this.#lastResults;
    try {
      const execution = await this.#execute(batch);
      await this.#store(batch, execution);
      this.#mark = batch.next;
      this.#epoch = execution.epoch;
      this.#lastResults = execution.results;
      return execution.results;
    } catch (error) {
      this.session.abandon();
      throw troubleIn(batch, error);
    }
  }

  async #execute(batch: ApplyBatch<SqlCommand>): Promise<Execution> {
    const refused = refusedIn(this.#options.refuse, batch.slot);
    if (this.#careful === 0 && refused.size === 0 && !changesSchema(batch.commands)) {
      try {
        return await this.#begin((context) => executeAtOnce(batch.commands, context), batch);
      } catch (error) {
        if (!(error instanceof NeedsCare)) throw error;
        await this.#rollBack();
        this.#careful = CAREFUL_BATCHES;
      }
    } else if (this.#careful > 0) this.#careful -= 1;
    return this.#executeWithCare(batch, refused);
  }

  /** Ends: every attempt after the first leaves one command more out. */
  async #executeWithCare(batch: ApplyBatch<SqlCommand>, refused: Map<number, Result>): Promise<Execution> {
    for (;;) {
      try {
        return await this.#begin((context) => executeWithCare(batch.commands, context, refused), batch);
      } catch (error) {
        if (!(error instanceof TooManyRows)) throw error;
        await this.#rollBack();
        refused.set(error.index, tooLarge(maxWriteResult(batch.commands.length)));
      }
    }
  }

  /** What sequences gave out in the attempt they give out again. */
  async #rollBack(): Promise<void> {
    await this.session.run('ROLLBACK; BEGIN');
    await this.session.ask(LOCK_MARK);
    await restoreSequences(this.session, this.#parts);
    await this.session.run('COMMIT');
  }

  /** Begins the transaction and takes the lock on the mark, with the first of `execute` right behind. */
  async #begin(
    execute: (context: ExecutionContext) => Promise<Execution>,
    { commands }: ApplyBatch<SqlCommand>,
  ): Promise<Execution> {
    const { typeName, pin } = this.#options;
    const { session } = this;
    const context: ExecutionContext = {
      session,
      epoch: this.#epoch,
      pin,
      typeName,
      maxResult: maxWriteResult(commands.length),
      // Within a batch that changes the schema, a plan that is kept may be out of date.
      planName: changesSchema(commands) ? () => undefined : (sql) => this.#plans.nameOf(sql),
    };
    const [locked, executed] = session.gather(() => [this.#lock(), execute(context)]);
    const outcomes = await Promise.allSettled([locked, executed]);
    const [lock, execution] = outcomes;
    if (lock.status === 'rejected') throw lock.reason;
    if (execution.status === 'rejected') throw execution.reason;
    return execution.value;
  }

  /** @throws BackendDiverged when somebody else moved the mark since we last looked */
  async #lock(): Promise<void> {
    const { session } = this;
    const begun = session.ask('BEGIN', [], { name: 'quorate_begin' });
    const locked = session.ask(LOCK_MARK, [], { name: 'quorate_lock' });
    await begun;
    const { mark, catalogEpoch } = markOf((await locked).rows[0]);
    const slot = mark?.slot ?? 0;
    if (
      slot !== (this.#mark?.slot ?? 0) ||
      mark?.digest !== this.#mark?.digest ||
      catalogEpoch !== this.#epoch
    )
      throw new BackendDiverged(
        `somebody else wrote to schema quorate: the mark is at slot ${slot} and was at slot ${this.#mark?.slot ?? 0}`,
      );
  }

  async #store(batch: ApplyBatch<SqlCommand>, execution: Execution): Promise<void> {
    const { session } = this;
    let parts = this.#parts;
    if (execution.changedSchema) {
      parts = await readSchemaParts(session);
      await guardTables(session, parts);
    }
    const sequences = await this.#readSequences(parts);
    const moved = movedParams(this.#sequences, sequences);
    const { upsert, remove } = recordParams(batch.records);
    const { refuse } = this.#options;
    const noted = refusedIn(refuse, batch.slot).size > 0 ? notedThrough(refuse, batch.slot) : undefined;
    const mark = markParams(batch.next, execution.epoch, execution.results);
    const sent = session.gather(() => {
      const replies: Promise<Reply>[] = [];
      const ask = (name: string, sql: string, params: Parameters<Session['ask']>[1] = []): void => {
        replies.push(session.ask(sql, params, { name }));
      };
      if (upsert !== undefined) ask('quorate_upsert', UPSERT_RECORDS, upsert);
      if (remove !== undefined) ask('quorate_remove', DELETE_RECORDS, remove);
      if (moved !== undefined) ask('quorate_moved', UPSERT_SEQUENCES, moved);
      if (execution.changedSchema) ask('quorate_keep', KEEP_SEQUENCES, [arrayOf(parts.sequences)]);
      ask('quorate_mark', WRITE_MARK, mark);
      if (noted !== undefined) ask('quorate_refused', WRITE_REFUSED, [noted]);
      ask('quorate_commit', 'COMMIT');
      return replies;
    });
    const outcomes = await Promise.allSettled(sent);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    const committed = outcomes.at(-1);
    if (committed?.status === 'fulfilled' && committed.value.command !== 'COMMIT')
      throw new SqlFailure('the transaction was not committed', undefined);
    this.#parts = parts;
    this.#sequences = sequences;
    if (!execution.changedSchema) return;
    // A plan kept from before may fail where a fresh one does not.
    this.#plans.forget();
    await session.forgetPlans();
  }

  async #readSequences(parts: SchemaParts): Promise<SequenceStates> {
    const query = sequencesQuery(parts);
    return statesOf(query === undefined ? NOTHING : await this.session.ask(query));
  }
}

const MAX_SHOWN_SQL = 60;
/** For a server that had too little memory or disk, or was killed for want of it. */
const WAY_OUT =
  '; if every server fails at it, see "A command that no server can carry out" in docs/postgres-servers.md';

/** Names the command at which the store failed, so that people can tell a bad server from a bad command. */
function troubleIn({ slot, commands }: ApplyBatch<SqlCommand>, error: unknown): Error {
  if (!(error instanceof CommandTrouble)) return troubleOf(error, `slot ${slot}`);
  const { failure, index } = error;
  const sql = commands[index]?.command.statements[0]?.sql.replace(/\s+/g, ' ') ?? '';
  const isOfRoom = failure.state === undefined || failure.state.startsWith('53');
  const where = `command ${slot}/${index} (${cutText(sql, MAX_SHOWN_SQL)})`;
  return troubleOf(failure, where, isOfRoom ? WAY_OUT : '');
}

function changesSchema(commands: ApplyBatch<SqlCommand>['commands']): boolean {
  return commands.some(({ command }) => command.isDdl === true);
}

const NOTHING: Reply = { command: '', rowCount: 0, fields: [], rows: [], isCut: false };
