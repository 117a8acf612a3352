/**
 * What the session table must do, said as simply as possible: it forgets nothing, so every rule is one line.
 * Leaves out the bounds on numbers and bytes, which have tests of their own.
 */
import type { Result } from '@quorate/wire';
import type { Admission } from '#src/runtime/session-table.ts';
import { resultOf, type ScriptSlot } from './script.ts';

const TTL_MS = 3_600_000;
const WINDOW = 4096;

type ModelSession = {
  readonly id: number;
  lastLogTimeMs: number;
  ackSequence: number;
  closed: boolean;
  /** By sequence: what it gave, or the ordinal under which it executes in the present slot. */
  readonly executed: Map<number, Result | number>;
};

export class SessionModel {
  readonly #sessions: ModelSession[] = [];
  #logTimeMs = 0;

  feed(
    slot: number,
    content: ScriptSlot,
  ): { logTimeMs: number; opened: number[]; closed: boolean[]; admissions: Admission[] } {
    this.#logTimeMs = Math.max(this.#logTimeMs, content.stampMs ?? 0);
    const opened: number[] = [];
    const closed: boolean[] = [];
    const admissions: Admission[] = [];
    let ordinals = 0;
    for (const group of content.groups) {
      if (group.kind === 'open') {
        const id = slot * 4096 + opened.length;
        opened.push(id);
        this.#sessions.push({
          id,
          lastLogTimeMs: this.#logTimeMs,
          ackSequence: 0,
          closed: false,
          executed: new Map(),
        });
        continue;
      }
      const session = this.#sessions[group.session];
      const isLive =
        session !== undefined && !session.closed && this.#logTimeMs - session.lastLogTimeMs <= TTL_MS;
      if (group.kind === 'close') {
        closed.push(isLive);
        if (isLive) session.closed = true;
        continue;
      }
      if (isLive) {
        session.lastLogTimeMs = this.#logTimeMs;
        session.ackSequence = Math.max(session.ackSequence, group.ackSequence);
      }
      for (const sequence of group.sequences) {
        const admission: Admission = isLive
          ? judge(session, sequence)
          : { kind: 'refused', code: 'SESSION_EXPIRED' };
        admissions.push(admission);
        if (admission.kind === 'execute') session?.executed.set(sequence, ordinals++);
      }
    }
    for (const session of this.#sessions) {
      for (const [sequence, result] of session.executed) {
        if (typeof result === 'number') session.executed.set(sequence, resultOf(slot, result));
      }
    }
    return { logTimeMs: this.#logTimeMs, opened, closed, admissions };
  }
}

function judge(session: ModelSession, sequence: number): Admission {
  if (sequence <= session.ackSequence) return { kind: 'refused', code: 'SEQUENCE_STALE' };
  if (sequence > session.ackSequence + WINDOW) return { kind: 'refused', code: 'SESSION_WINDOW' };
  const before = session.executed.get(sequence);
  if (before === undefined) return { kind: 'execute' };
  return typeof before === 'number'
    ? { kind: 'repeated', ordinal: before }
    : { kind: 'duplicate', result: before };
}
