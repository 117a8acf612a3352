/**
 * The session table as system records, for backends that keep them beside their data, and its digest.
 *
 *   session/head          u8 version | slot | log time | uses | u32 runs | { session | first sequence | u32 count } x runs
 *   session/<id>          ack sequence | last log time | last use
 *   session/<id>/<slot>   u32 count | { sequence | u8 kept: 0 | 1 result } x count
 *
 * Numbers without a width are `ByteWriter.integer`s. `head` is written with every slot; its runs say which commands
 * the slot executed, in the order of their ordinals, so that the results of the last batch find their sequences
 * after a crash. A session's own record is written when a slot mentions it. A record of results is written once, with the
 * first slot after the results were known, holds only what is not acknowledged by then, never changes, and is
 * deleted when all of it is acknowledged: a client that waits for every answer costs no record of results at all.
 */
import {
  ByteReader,
  ByteWriter,
  malformed,
  QuorateError,
  type Result,
  readResult,
  writeResult,
} from '@quorate/wire';
import type { SystemRecord } from '../ports/backend.ts';
import { fingerprint } from '../ports/fingerprint.ts';
import { SESSION_FORMAT_VERSION } from './session-limits.ts';
import { type KeptResult, Session } from './session-state.ts';

/** A command that a slot handed to the backend. */
export type Execution = { readonly session: number; readonly sequence: number };

export type SessionHead = {
  readonly slot: number;
  readonly logTimeMs: number;
  readonly uses: number;
  /** By ordinal. */
  readonly executions: readonly Execution[];
};

export type SessionImage = {
  readonly logTimeMs: number;
  readonly uses: number;
  /** By last use, oldest first. */
  readonly sessions: readonly Session[];
  /** Of the slot itself, by ordinal. */
  readonly executions: readonly Execution[];
};

const PREFIX = 'session/';
const HEAD = `${PREFIX}head`;
const KEPT_DROPPED = 0;
const KEPT_RESULT = 1;

const sessionKey = (id: number): string => `${PREFIX}${id}`;
const resultsKey = (id: number, slot: number): string => `${PREFIX}${id}/${slot}`;

/** Remembers what changed since the last records, and writes it. */
export class SessionRecordWriter {
  /** Sessions that a slot mentioned. */
  readonly #touched = new Set<Session>();
  /** Sessions with results that no record holds. */
  readonly #settled = new Set<Session>();
  /** Keys of records whose session has ended. */
  #dead: string[] = [];
  readonly #out = new ByteWriter();

  touched(session: Session): void {
    this.#touched.add(session);
  }

  settled(session: Session): void {
    this.#settled.add(session);
  }

  ended(session: Session): void {
    this.#touched.delete(session);
    this.#settled.delete(session);
    if (session.stored) this.#dead.push(sessionKey(session.id));
    for (const { slot } of session.resultRecords) this.#dead.push(resultsKey(session.id, slot));
  }

  /** Everything since the last call. */
  take(head: SessionHead): SystemRecord[] {
    const records: SystemRecord[] = [{ key: HEAD, value: this.#headBytes(head) }];
    for (const key of this.#dead) records.push({ key, value: null });
    for (const session of this.#touched) {
      records.push({ key: sessionKey(session.id), value: this.#sessionBytes(session) });
      session.stored = true;
      this.#deleteAcknowledged(session, records);
    }
    for (const session of this.#settled) this.#takeResults(session, head.slot, records);
    this.#dead = [];
    this.#touched.clear();
    this.#settled.clear();
    return records;
  }

  #deleteAcknowledged(session: Session, records: SystemRecord[]): void {
    const acknowledged = session.resultRecords.filter(
      (record) => record.highestSequence <= session.ackSequence,
    );
    if (acknowledged.length === 0) return;
    session.resultRecords = session.resultRecords.filter(
      (record) => record.highestSequence > session.ackSequence,
    );
    for (const { slot } of acknowledged) records.push({ key: resultsKey(session.id, slot), value: null });
  }

  #takeResults(session: Session, slot: number, records: SystemRecord[]): void {
    const sequences = session.fresh.filter((sequence) => sequence > session.ackSequence);
    session.fresh = [];
    if (sequences.length === 0) return;
    const out = this.#out;
    out.reset();
    out.u32(sequences.length);
    let highestSequence = 0;
    for (const sequence of sequences) {
      writeKept(out, sequence, session.kept.get(sequence) ?? 'dropped');
      highestSequence = Math.max(highestSequence, sequence);
    }
    session.resultRecords.push({ slot, highestSequence });
    records.push({ key: resultsKey(session.id, slot), value: out.bytes() });
  }

  #sessionBytes(session: Session): Uint8Array {
    const out = this.#out;
    out.reset();
    out.integer(session.ackSequence);
    out.integer(session.lastLogTimeMs);
    out.integer(session.lastUse);
    return out.bytes();
  }

  #headBytes(head: SessionHead): Uint8Array {
    const out = this.#out;
    out.reset();
    out.u8(SESSION_FORMAT_VERSION);
    out.integer(head.slot);
    out.integer(head.logTimeMs);
    out.integer(head.uses);
    const countAt = out.length;
    out.u32(0);
    let runs = 0;
    for (let start = 0; start < head.executions.length; runs++) {
      const first = head.executions[start] as Execution;
      let end = start + 1;
      while (continues(first, head.executions[end], end - start)) end += 1;
      out.integer(first.session);
      out.integer(first.sequence);
      out.u32(end - start);
      start = end;
    }
    out.patchU32(countAt, runs);
    return out.bytes();
  }
}

/** True when `next` is the command `distance` sequences after `first` of the same session. */
function continues(first: Execution, next: Execution | undefined, distance: number): boolean {
  return next !== undefined && next.session === first.session && next.sequence === first.sequence + distance;
}

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
    if (value === null || !key.startsWith(PREFIX)) continue;
    if (key === HEAD) {
      head = readHead(value, resultCount);
      continue;
    }
    const [id, recordSlot] = key.slice(PREFIX.length).split('/').map(Number);
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
  const session = new Session(id, reader.integer(), reader.integer());
  reader.end();
  session.ackSequence = ackSequence;
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
    if (sequence > session.ackSequence) session.restore(sequence, kept);
  }
  reader.end();
  session.resultRecords.push({ slot, highestSequence });
}

function writeKept(out: ByteWriter, sequence: number, kept: KeptResult): void {
  out.integer(sequence);
  if (typeof kept === 'string') {
    out.u8(KEPT_DROPPED);
  } else {
    out.u8(KEPT_RESULT);
    writeResult(out, kept);
  }
}

function readKept(reader: ByteReader): Result | 'dropped' {
  return reader.flag() ? readResult(reader) : 'dropped';
}

/** Over everything that decides what the table does next, in an order that does not depend on its history. */
export function tableDigest(
  slot: number,
  logTimeMs: number,
  uses: number,
  sessions: readonly Session[],
): string {
  const out = new ByteWriter(4096);
  out.u8(SESSION_FORMAT_VERSION);
  out.integer(slot);
  out.integer(logTimeMs);
  out.integer(uses);
  for (const session of [...sessions].sort((left, right) => left.id - right.id)) {
    out.integer(session.id);
    out.integer(session.ackSequence);
    out.integer(session.lastLogTimeMs);
    out.integer(session.lastUse);
    const sequences = [...session.kept.keys()].sort((left, right) => left - right);
    out.u32(sequences.length);
    for (const sequence of sequences) writeKept(out, sequence, session.kept.get(sequence) as KeptResult);
  }
  return fingerprint(out.bytes());
}
