/**
 * Remembers what changed in the session table since the last records, and writes it in the format of
 * `session-records.ts`. What it remembers is bounded by the sessions that live and the records that are stored.
 */
import { ByteWriter } from '@quorate/wire';
import type { SystemRecord } from '../ports/backend.ts';
import { SESSION_FORMAT_VERSION } from './session-limits.ts';
import {
  type Execution,
  HEAD_KEY,
  resultsKey,
  type SessionHead,
  sessionKey,
  writeKept,
} from './session-records.ts';
import type { Session } from './session-state.ts';

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
    const records: SystemRecord[] = [{ key: HEAD_KEY, value: this.#headBytes(head) }];
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
