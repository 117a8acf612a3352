/**
 * Executes the commands of one batch within an open transaction and says what became of each.
 *
 * All statements are sent at once. When one fails the server ignores everything up to the end of the transaction, so
 * a first attempt goes without savepoints: with no failure, which is the rule, it costs nothing. With a failure the whole
 * transaction is rolled back and done again with a savepoint before every command (`careful`), in windows, so
 * that a failure wastes at most a window of statements that were sent behind it.
 */
import type { ChosenCommand } from '@quorate/core/ports';
import type { Result } from '@quorate/wire';
import { resultOf } from './result.ts';
import { type Reply, type Session, SqlFailure } from './session.ts';
import type { SqlCommand, SqlStatement } from './sql/command.ts';

/** Commands sent behind one whose fate is not known yet. */
const WINDOW = 64;

/** A command failed in an attempt without savepoints; nothing of it may stay. */
export class NeedsCare extends Error {}

/**
 * A command was executed and gave too many rows. Others were executed behind it, so the transaction has to be done again
 * without it.
 */
export class TooManyRows extends Error {
  /** Its place in the batch. */
  readonly index: number;

  constructor(index: number) {
    super();
    this.index = index;
  }
}

/** The store could not carry out a command, or fell silent over it. */
export class CommandTrouble extends Error {
  readonly failure: SqlFailure;
  /** Its place in the batch. */
  readonly index: number;

  constructor(failure: SqlFailure, index: number) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.index = index;
  }
}

export type Execution = {
  readonly results: readonly Result[];
  /** Catalog epoch after the batch. */
  readonly epoch: number;
  /** The schema was changed. */
  readonly changedSchema: boolean;
};

export type ExecutionContext = {
  readonly session: Session;
  readonly epoch: number;
  /** What to execute before a command that has time or randomness of its own. */
  readonly pin: (command: SqlCommand) => SqlStatement | undefined;
  /** A name for the plan of a statement, or undefined to have none kept. */
  readonly planName: (sql: string) => string | undefined;
  readonly typeName: (id: number) => string | undefined;
  /** What the rows of one command may take. */
  readonly maxResult: number;
};

type Chosen = ChosenCommand<SqlCommand>;

export const CATALOG_CHANGED: Result = {
  ok: false,
  code: 'CATALOG_CHANGED',
  message: 'the schema was changed after this command was examined and before its turn; give it again',
};

/** @throws NeedsCare, and CommandTrouble or SqlFailure for trouble of the store */
export async function executeAtOnce(
  commands: readonly Chosen[],
  context: ExecutionContext,
): Promise<Execution> {
  const { session, epoch } = context;
  const sent = session.gather(() =>
    commands.map(({ command }) =>
      isStale(command, epoch) ? Promise.resolve(undefined) : settled(send(command, context)),
    ),
  );
  const results: Result[] = [];
  for (const each of await Promise.all(sent)) {
    if (each === undefined) results.push(CATALOG_CHANGED);
    else if (each instanceof SqlFailure) {
      if (each.judgement === 'refused') throw new NeedsCare();
      throw new CommandTrouble(each, results.length);
    } else if (isCut(each)) throw new NeedsCare();
    else results.push(resultOf(each, context.typeName));
  }
  return { results, epoch, changedSchema: false };
}

/** Leaves out what has an answer in `refused`. @throws TooManyRows, and CommandTrouble or SqlFailure for trouble of the store */
export async function executeWithCare(
  commands: readonly Chosen[],
  context: ExecutionContext,
  refused: ReadonlyMap<number, Result>,
): Promise<Execution> {
  const results: Result[] = [];
  let epoch = context.epoch;
  while (results.length < commands.length) {
    const first = results.length;
    const answer = refused.get(first);
    if (answer !== undefined) {
      results.push(answer);
      continue;
    }
    const window = windowFrom(commands, first, epoch, refused);
    if (window.length === 0) {
      results.push(CATALOG_CHANGED);
      continue;
    }
    const failed = await executeWindow(window, context, results);
    // A command that changes the schema is the last of its window.
    if (!failed && window.at(-1)?.isDdl === true) epoch += 1;
  }
  return { results, epoch, changedSchema: epoch !== context.epoch };
}

/** Commands from `first` on that may be sent together: none that is left out, and a change of the schema at the end only. */
function windowFrom(
  commands: readonly Chosen[],
  first: number,
  epoch: number,
  refused: ReadonlyMap<number, Result>,
): SqlCommand[] {
  const window: SqlCommand[] = [];
  for (const [offset, { command }] of commands.slice(first, first + WINDOW).entries()) {
    if (isStale(command, epoch) || refused.has(first + offset)) break;
    window.push(command);
    if (command.isDdl === true) break;
  }
  return window;
}

/** Adds the results up to the first failure, that one included. True when there was one. */
async function executeWindow(
  window: readonly SqlCommand[],
  context: ExecutionContext,
  results: Result[],
): Promise<boolean> {
  const { session } = context;
  const sent = session.gather(() =>
    window.map((command) => {
      const begun = settled(session.ask('SAVEPOINT command', [], { name: 'quorate_savepoint' }));
      const done = settled(send(command, context));
      const ended = settled(session.ask('RELEASE command', [], { name: 'quorate_release' }));
      return Promise.all([begun, done, ended]);
    }),
  );
  for (const [begun, done, ended] of await Promise.all(sent)) {
    if (begun instanceof SqlFailure) throw begun;
    if (done instanceof SqlFailure) {
      if (done.judgement !== 'refused') throw new CommandTrouble(done, results.length);
      // Gone, and so is everything that was sent behind it.
      await session.run('ROLLBACK TO command; RELEASE command');
      results.push({ ok: false, code: done.state ?? '', message: done.message });
      return true;
    }
    if (ended instanceof SqlFailure) throw ended;
    if (isCut(done)) throw new TooManyRows(results.length);
    results.push(resultOf(done, context.typeName));
  }
  return false;
}

/** The statements of one command, behind what fixes its time and randomness. */
function send(
  command: SqlCommand,
  { session, planName, pin, maxResult }: ExecutionContext,
): Promise<Reply[]> {
  const pinning = pin(command);
  const pinned = pinning === undefined ? [] : [session.ask(pinning.sql, pinning.params)];
  const budget = { left: maxResult };
  const replies = command.statements.map(({ sql, params }) => {
    const name = planName(sql);
    return session.ask(sql, params, {
      budget,
      ...(name === undefined ? {} : { name }),
    });
  });
  return firstFailure([...pinned, ...replies]).then(() => Promise.all(replies));
}

/** Waits for all, so that nothing is under way any more, then fails as the first of them did. */
async function firstFailure(all: readonly Promise<Reply>[]): Promise<void> {
  const outcomes = await Promise.allSettled(all);
  const failed = outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => reason as unknown);
  // What follows a failure fails with 25P02 ("transaction is aborted"); the first one is the cause.
  if (failed.length > 0) throw failed[0];
}

function isStale({ catalogEpoch }: SqlCommand, epoch: number): boolean {
  return catalogEpoch !== undefined && catalogEpoch !== epoch;
}

function isCut(replies: readonly Reply[]): boolean {
  return replies.some((reply) => reply.isCut);
}

function settled<Value>(outcome: Promise<Value>): Promise<Value | SqlFailure> {
  return outcome.catch((error: unknown) => {
    if (error instanceof SqlFailure) return error;
    throw error;
  });
}
