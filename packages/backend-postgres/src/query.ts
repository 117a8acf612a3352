/** Reads: in a transaction that cannot write, as of the last applied batch. */
import type { Result } from '@quorate/wire';
import { MAX_READ_RESULT_BYTES, resultOf, tooLarge } from './result.ts';
import { type Reply, type Session, SqlFailure, troubleOf } from './session.ts';
import type { SqlCommand } from './sql/command.ts';

export type TypeName = (id: number) => string | undefined;

/**
 * All statements of the command see the same state. An error of the statement is a refusal; also one that took longer
 * than a read may. @throws BackendUnavailable
 */
export async function runQuery(session: Session, command: SqlCommand, typeName: TypeName): Promise<Result> {
  const budget = { left: MAX_READ_RESULT_BYTES };
  const sent = session.gather(() => [
    session.ask('BEGIN READ ONLY', [], { name: 'quorate_begin' }),
    ...command.statements.map(({ sql, params }) => session.ask(sql, params, { budget })),
    session.ask('ROLLBACK', [], { name: 'quorate_rollback' }),
  ]);
  const replies: Reply[] = [];
  for (const outcome of await Promise.allSettled(sent)) {
    if (outcome.status === 'fulfilled') replies.push(outcome.value);
    else return refusalOf(outcome.reason);
  }
  const answers = replies.slice(1, -1);
  if (answers.some((reply) => reply.isCut)) return tooLarge(MAX_READ_RESULT_BYTES);
  return resultOf(answers, typeName);
}

/** query_canceled: the read time-out. */
const CANCELED = '57014';
/** read_only_sql_transaction: what passed for a read calls something that writes. */
const WRITES = '25006';
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
