/** From a URL to a writer: the server looked at, the database claimed, the schema `quorate` there, sequences right. */
import { BackendDiverged } from '@quorate/core/ports';
import { LOCK_MARK, OWN_SCHEMA_SQL, readState, type StoredState } from './own-schema.ts';
import { checkNoted, type RefusedCommands } from './refused-commands.ts';
import { readSchemaParts, readTypeNames } from './schema-parts.ts';
import { restoreSequences } from './sequences.ts';
import { checkEmpty, checkServer, claimDatabase, type ServerFacts } from './server-check.ts';
import { Session, type SessionOptions, troubleOf } from './session.ts';
import { MAY_WRITE } from './settings.ts';
import type { SqlLanguage } from './sql-language.ts';
import { Writer } from './writer.ts';

export type OpenedWriter = {
  readonly writer: Writer;
  readonly state: StoredState;
  readonly facts: ServerFacts;
};

/** @throws BackendUnavailable, BackendDiverged */
export async function openWriter(
  options: SessionOptions,
  language: SqlLanguage,
  refuse: RefusedCommands,
): Promise<OpenedWriter> {
  const session = await Session.connect({
    ...options,
    // Applied need not be durable: the log is. `flush` says how far it is.
    settings: { ...MAY_WRITE, synchronous_commit: 'off' },
  });
  try {
    const facts = await checkServer(session);
    await claimDatabase(session);
    await ensureOwnSchema(session, language.pinnedFunctions);
    const parts = await readSchemaParts(session);
    if (parts.unguarded.length > 0)
      throw new BackendDiverged(
        `somebody else made table ${parts.unguarded[0]} or took its guard away; see "Foreign writes" in docs/postgres-servers.md`,
      );
    const names = await readTypeNames(session);
    await session.run('BEGIN');
    await session.ask(LOCK_MARK);
    const sequences = await restoreSequences(session, parts);
    const state = await readState(session);
    await session.run('COMMIT');
    checkNoted(refuse, state.refused, state.mark);
    const typeName = (id: number): string | undefined => names.get(id);
    const writer = new Writer({ session, state, parts, sequences, typeName, pin: language.pin, refuse });
    return { writer, state, facts };
  } catch (error) {
    session.abandon();
    throw troubleOf(error, 'cannot open the store');
  }
}

async function ensureOwnSchema(session: Session, pinnedFunctions: string): Promise<void> {
  const { rows } = await session.ask(`SELECT to_regnamespace('quorate'), to_regclass('quorate.mark')`);
  const [schema, mark] = rows[0] ?? [];
  if (mark === null) {
    await checkEmpty(session);
    // `quorate postgres init` makes the schema empty where the node's role may not create one.
    const create = schema === null ? 'CREATE SCHEMA quorate;' : '';
    await session.run(`BEGIN; ${create} ${OWN_SCHEMA_SQL} COMMIT`);
  }
  await session.run(`BEGIN; ${pinnedFunctions} COMMIT`);
}
