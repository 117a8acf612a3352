/** Reads: in a transaction that cannot write, as of the last applied batch. */
import { type AppliedMark, asSlot, BackendRewound, judgeStep } from '@quorate/core/ports';
import type { Result } from '@quorate/wire';
import { markOf, READ_MARK } from './own-schema.ts';
import { MAX_READ_RESULT_BYTES, resultOf, tooLarge } from './result.ts';
import { type Reply, type Session, SqlFailure, troubleOf } from './session.ts';
import type { SqlCommand } from './sql/command.ts';

export type TypeName = (id: number) => string | undefined;

export type QueryContext = {
  readonly session: Session;
  readonly typeName: TypeName;
  /** Of the last applied batch: a server that came back with another one does not answer. */
  readonly mark: AppliedMark | undefined;
};

/**
 * All statements of the command see the same state, which is that of `mark`. An error of the statement is a refusal; also
 * one that took longer than a read may. @throws BackendUnavailable, BackendRewound, BackendDiverged
 */
export async function runQuery(
  command: SqlCommand,
  { session, typeName, mark }: QueryContext,
): Promise<Result> {
  const budget = { left: MAX_READ_RESULT_BYTES };
  const sent = session.gather(() => [
    session.ask('BEGIN READ ONLY', [], { name: 'quorate_begin' }),
    session.ask(READ_MARK, [], { name: 'quorate_read_mark' }),
    ...command.statements.map(({ sql, params }) => session.ask(sql, params, { budget })),
    session.ask('ROLLBACK', [], { name: 'quorate_rollback' }),
  ]);
  const [begun, marked, ...rest] = await Promise.allSettled(sent);
  if (begun?.status === 'rejected') throw troubleOf(begun.reason, 'cannot read');
  requireMark(marked as PromiseSettledResult<Reply>, mark);
  const replies: Reply[] = [];
  for (const outcome of rest) {
    if (outcome.status === 'fulfilled') replies.push(outcome.value);
    else return refusalOf(outcome.reason);
  }
  const answers = replies.slice(0, -1);
  if (answers.some((reply) => reply.isCut)) return tooLarge(MAX_READ_RESULT_BYTES);
  return resultOf(answers, typeName);
}

/** undefined_table, invalid_schema_name: there is no schema `quorate`, so this database was made anew. */
const NOT_THERE = ['42P01', '3F000'];
const NOTHING: AppliedMark = { clusterId: '', group: 0, slot: asSlot(0), digest: '' };

/** What it means that the mark could not be read. */
export function unreadMark(error: unknown, doing: string): Error {
  if (error instanceof SqlFailure && NOT_THERE.includes(error.state ?? ''))
    return new BackendRewound('the database is empty; it is filled again from the log');
  return troubleOf(error, doing);
}

/** A server that came back empty or older must not answer for the state that it lost. */
function requireMark(outcome: PromiseSettledResult<Reply>, expected: AppliedMark | undefined): void {
  if (outcome.status === 'rejected') throw unreadMark(outcome.reason, 'cannot read');
  const previous = expected ?? NOTHING;
  judgeStep(markOf(outcome.value.rows[0]).mark, { previous, next: previous });
}

/** query_canceled: the read time-out. */
const CANCELED = '57014';
/** read_only_sql_transaction: what passed for a read calls something that writes. */
export const WRITES = '25006';
/** internal_error: a read can cause one, for instance with an oid of nothing, and it says nothing about the data. */
const INTERNAL = 'XX000';

function isRefusal({ judgement, state = '' }: SqlFailure): boolean {
  return judgement === 'refused' || [CANCELED, WRITES, INTERNAL].includes(state);
}

function refusalOf(error: unknown): Result {
  if (error instanceof SqlFailure && isRefusal(error)) {
    const slow = error.state === CANCELED ? '; see readTimeoutMs' : '';
    return { ok: false, code: error.state ?? '', message: `${error.message}${slow}` };
  }
  throw troubleOf(error, 'cannot read');
}
