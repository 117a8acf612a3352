/**
 * The format of the session table's system records, for backends that keep them beside their data.
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
 * Writing is `session-record-writer.ts`, reading `session-record-reader.ts`; the digest of a table uses the same format.
 */
import { type ByteReader, ByteWriter, isEcho, type Result, readResult, writeResult } from '@quorate/wire';
import { fingerprint } from '../ports/fingerprint.ts';
import { SESSION_FORMAT_VERSION } from './session-limits.ts';
import type { Session } from './session-state.ts';
import type { KeptResult } from './session-window.ts';

/** A command that a slot handed to the backend. */
export type Execution = { readonly session: number; readonly sequence: number };

export type SessionHead = {
  readonly slot: number;
  readonly logTimeMs: number;
  readonly uses: number;
  /** By ordinal. */
  readonly executions: readonly Execution[];
};

export const RECORD_PREFIX = 'session/';
export const HEAD_KEY: string = `${RECORD_PREFIX}head`;

const KEPT_DROPPED = 0;
const KEPT_RESULT = 1;
/** In digests only: a table that keeps records keeps no echoes. */
const KEPT_ECHO = 2;

export function sessionKey(id: number): string {
  return `${RECORD_PREFIX}${id}`;
}

export function resultsKey(id: number, slot: number): string {
  return `${RECORD_PREFIX}${id}/${slot}`;
}

export function writeKept(out: ByteWriter, sequence: number, kept: KeptResult): void {
  out.integer(sequence);
  if (typeof kept === 'string') {
    out.u8(KEPT_DROPPED);
  } else if (isEcho(kept)) {
    out.u8(KEPT_ECHO);
    out.u32(kept.start);
    out.u32(kept.end);
  } else {
    out.u8(KEPT_RESULT);
    writeResult(out, kept);
  }
}

export function readKept(reader: ByteReader): Result | 'dropped' {
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
    const sequences = session.kept.sequences();
    out.u32(sequences.length);
    for (const sequence of sequences) writeKept(out, sequence, session.kept.get(sequence) as KeptResult);
  }
  return fingerprint(out.bytes());
}
