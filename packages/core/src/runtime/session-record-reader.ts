/**
 * Reads the session table's records back, in the format of `session-records.ts`, and checks that they belong to the
 * slot that the store is at.
 */
import { ByteReader, malformed, QuorateError } from '@quorate/wire';
import type { SystemRecord } from '../ports/backend.ts';
import { SESSION_FORMAT_VERSION } from './session-limits.ts';
import { type Execution, HEAD_KEY, RECORD_PREFIX, readKept, type SessionHead } from './session-records.ts';
import { Session } from './session-state.ts';
import type { SessionWindow } from './session-window.ts';

export type SessionImage = {
  readonly logTimeMs: number;
  readonly uses: number;
  /** By last use, oldest first. */
  readonly sessions: readonly Session[];
  /** Of the slot itself, by ordinal. */
  readonly executions: readonly Execution[];
};

/**
 * What the records of a store say, for the slot that the store is at. Records of others are ignored.
 * @throws QuorateError BACKEND_DIVERGED when they cannot be read or belong to another slot
 */
export function readRecords(
  slot: number,
  records: readonly SystemRecord[],
  resultCount: number,
): SessionImage {
  try {
    return readImage(slot, records, resultCount);
  } catch (error) {
    throw new QuorateError(
      'BACKEND_DIVERGED',
      `the session records of the store cannot be used: ${(error as Error).message}`,
      {
        details: { slot },
        cause: error,
      },
    );
  }
}

function readImage(slot: number, records: readonly SystemRecord[], resultCount: number): SessionImage {
  const sessions = new Map<number, Session>();
  const results: { readonly id: number; readonly slot: number; readonly value: Uint8Array }[] = [];
  let head: SessionHead | undefined;
  for (const { key, value } of records) {
    if (value === null || !key.startsWith(RECORD_PREFIX)) continue;
    if (key === HEAD_KEY) {
      head = readHead(value, resultCount);
      continue;
    }
    const [id, recordSlot] = key.slice(RECORD_PREFIX.length).split('/').map(Number);
    if (id === undefined) throw malformed(`the key ${key}`);
    if (recordSlot === undefined) sessions.set(id, readSession(id, value));
    else results.push({ id, slot: recordSlot, value });
  }
  if (head === undefined) throw malformed('there is no head record');
  if (head.slot !== slot) throw malformed(`they are of slot ${head.slot}, the store is at slot ${slot}`);
  results.sort((left, right) => left.slot - right.slot);
  for (const record of results) {
    const session = sessions.get(record.id);
    if (session === undefined) throw malformed(`results of session ${record.id}, which has no record`);
    readSessionResults(session, record.slot, record.value);
  }
  for (const { session: id, sequence } of head.executions) {
    const session = sessions.get(id);
    if (session !== undefined && sequence > session.ackSequence) requireWithin(session, sequence);
  }
  const inUseOrder = [...sessions.values()].sort((left, right) => left.lastUse - right.lastUse);
  return { logTimeMs: head.logTimeMs, uses: head.uses, sessions: inUseOrder, executions: head.executions };
}

function readHead(bytes: Uint8Array, resultCount: number): SessionHead {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== SESSION_FORMAT_VERSION)
    throw malformed(`format version ${version}; this build reads ${SESSION_FORMAT_VERSION}`);
  const slot = reader.integer();
  const logTimeMs = reader.integer();
  const uses = reader.integer();
  const runs = reader.u32();
  const executions: Execution[] = [];
  for (let run = 0; run < runs; run++) {
    const session = reader.integer();
    const first = reader.integer();
    const count = reader.u32();
    if (count > resultCount - executions.length)
      throw malformed(`more executions than the ${resultCount} results of the last batch`);
    for (let index = 0; index < count; index++) executions.push({ session, sequence: first + index });
  }
  reader.end();
  if (executions.length !== resultCount)
    throw malformed(`${executions.length} executions and ${resultCount} results of the last batch`);
  return { slot, logTimeMs, uses, executions };
}

function readSession(id: number, bytes: Uint8Array): Session {
  const reader = new ByteReader(bytes);
  const ackSequence = reader.integer();
  const session = new Session(id, reader.integer(), reader.integer(), ackSequence);
  reader.end();
  session.stored = true;
  return session;
}

function readSessionResults(session: Session, slot: number, bytes: Uint8Array): void {
  // A copy: kept results are views, and must not be views into memory that the backend reuses.
  const reader = new ByteReader(bytes.slice());
  const count = reader.u32();
  let highestSequence = 0;
  for (let index = 0; index < count; index++) {
    const sequence = reader.integer();
    const kept = readKept(reader);
    highestSequence = Math.max(highestSequence, sequence);
    if (sequence > session.ackSequence) requireWithin(session, sequence).keep(sequence, kept);
  }
  reader.end();
  session.resultRecords.push({ slot, highestSequence });
}

function requireWithin(session: Session, sequence: number): SessionWindow {
  if (session.kept.isWithin(sequence)) return session.kept;
  throw malformed(
    `sequence ${sequence} of session ${session.id} is too far above ${session.ackSequence}, which was acknowledged`,
  );
}
