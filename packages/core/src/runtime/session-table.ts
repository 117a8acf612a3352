/**
 * Sessions: who has executed what, so that a command retried after a time-out, a reconnect or a leader change takes
 * effect once and gets its first answer. Log time is kept here too, because sessions end by it.
 *
 * Replicated state: every node feeds the same slots and gets the same table, evictions included. No clock, no
 * promise, no randomness; time comes with the slots. Owns SESSION-ONCE, TS-MONO and the bounds of
 * `session-limits.ts`. Leaves one session's sequences to `session-state.ts`, records to `session-record-*.ts`, and
 * to the applier whom to answer.
 *
 * The applier calls, for every slot in order: `begin`; for the groups in order `open`, `close`, `acknowledge` (once
 * per group) and `admit` (once per command); `takeDelta` if the backend stores records; then, when the backend has
 * applied the slot, `settle`. A slot that has to be applied again, because the store was in trouble, is not fed again.
 */
import { isEcho, type PackedAnswers, type Result } from '@quorate/wire';
import type { SystemRecord } from '../ports/backend.ts';
import { invariant } from '../protocol/invariant.ts';
import { type Admission, EXECUTE, EXPIRED, OUT_OF_WINDOW, STALE } from './session-admission.ts';
import {
  MAX_EXPIRIES_PER_SLOT,
  MAX_OPENS_PER_SLOT,
  MAX_SESSIONS,
  MAX_TABLE_RESULT_BYTES,
  SESSION_TTL_MS,
} from './session-limits.ts';
import { readRecords } from './session-record-reader.ts';
import { SessionRecordWriter } from './session-record-writer.ts';
import { type Execution, tableDigest } from './session-records.ts';
import { Session } from './session-state.ts';
import type { KeptResult } from './session-window.ts';

export type { Admission } from './session-admission.ts';

/** The id of the session that the `ordinal`-th `open` group of a slot opens, from 0. */
export function sessionIdOf(slot: number, ordinal: number): number {
  return slot * MAX_OPENS_PER_SLOT + ordinal;
}

export class SessionTable {
  /** By last use, oldest first: using a session moves it to the end. At most MAX_SESSIONS. */
  #sessions = new Map<number, Session>();
  #slot = 0;
  #logTimeMs = 0;
  /** Highest `lastUse` given out. */
  #uses = 0;
  /** Of all live sessions. */
  #resultBytes = 0;
  /** No session expires while log time is at most this. */
  #quietUntilMs = 0;

  // The present slot, from `begin` to `settle`.
  #opens = 0;
  /** The session that the last call named: commands come in groups of one session. */
  #current: Session | undefined;
  /** By ordinal: whose command it is and which. Equal lengths. */
  #executingSessions: Session[] = [];
  #executingSequences: number[] = [];
  #settled = true;

  readonly #writer = new SessionRecordWriter();
  readonly #keepsRecords: boolean;

  /** `keepsRecords`: `takeDelta` is called for every slot. Without it, never. */
  constructor(keepsRecords = true) {
    this.#keepsRecords = keepsRecords;
  }

  /**
   * The table as a store that was opened at `slot` has it: its records plus the results of its last batch.
   * @throws QuorateError BACKEND_DIVERGED when the records cannot belong to that slot
   */
  static restore(
    slot: number,
    records: readonly SystemRecord[],
    lastResults: readonly Result[],
    keepsRecords = true,
  ): SessionTable {
    const table = new SessionTable(keepsRecords);
    if (slot === 0) return table;
    const image = readRecords(slot, records, lastResults.length);
    table.#slot = slot;
    table.#logTimeMs = image.logTimeMs;
    table.#uses = image.uses;
    for (const session of image.sessions) {
      table.#sessions.set(session.id, session);
      table.#resultBytes += session.resultBytes;
    }
    table.#settled = false;
    for (const { session: id, sequence } of image.executions) {
      const session = table.#sessions.get(id);
      // An execution of a session that its own slot closed has no home; its ordinal still counts.
      const ordinal = table.#executingSequences.length;
      table.#executingSessions.push(session ?? ended(id));
      table.#executingSequences.push(sequence);
      if (session !== undefined && sequence > session.ackSequence) session.kept.begin(sequence, ordinal);
    }
    table.settle(lastResults);
    return table;
  }

  /** Slot of the last `begin`; 0 before the first. */
  get slot(): number {
    return this.#slot;
  }

  /** Log time of that slot; 0 before the first stamp. */
  get logTimeMs(): number {
    return this.#logTimeMs;
  }

  /** Live sessions, expired ones that no slot has removed yet included. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Bytes of unacknowledged results. */
  get resultBytes(): number {
    return this.#resultBytes;
  }

  /** Commands of the present slot that were told to execute. */
  get executionCount(): number {
    return this.#executingSequences.length;
  }

  /** Whose command has that ordinal in the present slot, and which of its sequences it is. Valid until `begin`. */
  execution(ordinal: number): Execution {
    const session = this.#executingSessions[ordinal];
    const sequence = this.#executingSequences[ordinal];
    invariant(
      session !== undefined && sequence !== undefined,
      'SESSION-ONCE',
      () => `no execution ${ordinal} in slot ${this.#slot}`,
    );
    return { session: session.id, sequence };
  }

  /**
   * The next slot; `stampMs` is undefined for a slot without a stamp (noop). Returns the slot's log time,
   * `max(log time before, stamp)`: stamps alone may go back after a leader change.
   */
  begin(slot: number, stampMs: number | undefined): number {
    invariant(slot === this.#slot + 1, 'PREFIX-APPLY', () => `slot ${slot} follows slot ${this.#slot}`);
    invariant(this.#settled, 'SESSION-ONCE', () => `slot ${this.#slot} was not settled`);
    invariant(
      Number.isSafeInteger(sessionIdOf(slot, MAX_OPENS_PER_SLOT)),
      'BOUNDED',
      () => `slot ${slot} is too high for session ids`,
    );
    this.#slot = slot;
    if (stampMs !== undefined && stampMs > this.#logTimeMs) this.#logTimeMs = stampMs;
    this.#opens = 0;
    this.#current = undefined;
    this.#executingSessions = [];
    this.#executingSequences = [];
    this.#settled = false;
    this.#sweep();
    return this.#logTimeMs;
  }

  /** An `open` group. Undefined when this slot has opened MAX_OPENS_PER_SLOT already: nothing happened. */
  open(): number | undefined {
    if (this.#opens === MAX_OPENS_PER_SLOT) return undefined;
    if (this.#sessions.size >= MAX_SESSIONS) this.#endOldest();
    const id = sessionIdOf(this.#slot, this.#opens);
    this.#opens += 1;
    this.#uses += 1;
    const session = new Session(id, this.#logTimeMs, this.#uses);
    this.#sessions.set(id, session);
    this.#writer.touched(session);
    return id;
  }

  /** A `close` group. False when there was no such session (any more). */
  close(id: number): boolean {
    const session = this.#use(id);
    if (session === undefined) return false;
    this.#end(session);
    return true;
  }

  /** What a group says about its session, also when it carries no commands. False when there is no such session. */
  acknowledge(id: number, ackSequence: number): boolean {
    const session = this.#use(id);
    if (session === undefined) return false;
    this.#resultBytes -= session.acknowledge(ackSequence);
    return true;
  }

  /** One command of a group. `acknowledge` need not be called before: `ackSequence` is the group's. */
  admit(id: number, sequence: number, ackSequence: number): Admission {
    const session = this.#use(id);
    if (session === undefined) return EXPIRED;
    if (ackSequence > session.ackSequence) this.#resultBytes -= session.acknowledge(ackSequence);
    if (sequence <= session.ackSequence) return STALE;
    if (!session.kept.isWithin(sequence)) return OUT_OF_WINDOW;
    if (session.kept.begin(sequence, this.#executingSequences.length)) {
      this.#executingSessions.push(session);
      this.#executingSequences.push(sequence);
      return EXECUTE;
    }
    const kept = session.kept.get(sequence) as KeptResult;
    if (kept === 'dropped') return STALE;
    if (kept === 'pending') return { kind: 'repeated', ordinal: session.kept.ordinalOf(sequence) };
    return { kind: 'duplicate', result: kept };
  }

  /** The results of the slot's executions, by ordinal. */
  settle(results: readonly Result[]): void {
    this.#requireAll(results.length);
    for (let ordinal = 0; ordinal < results.length; ordinal++) {
      const session = this.#settling(ordinal);
      if (session === undefined) continue;
      const sequence = this.#executingSequences[ordinal] as number;
      if (this.#keepsRecords) {
        if (session.fresh.length === 0) this.#writer.settled(session);
        session.fresh.push(sequence);
      }
      this.#resultBytes += session.settle(sequence, results[ordinal] as Result);
    }
  }

  /** As `settle`, for a store without records. */
  settlePacked(answers: PackedAnswers): void {
    invariant(
      !this.#keepsRecords,
      'SESSION-ONCE',
      () => `results of slot ${this.#slot} would miss the records`,
    );
    this.#requireAll(answers.count);
    for (let ordinal = 0; ordinal < answers.count; ordinal++) {
      const session = this.#settling(ordinal);
      if (session === undefined) continue;
      this.#resultBytes += session.settlePacked(
        this.#executingSequences[ordinal] as number,
        answers.chunkOf(ordinal),
        answers.startOf(ordinal),
        answers.sizeOf(ordinal),
      );
    }
  }

  /** The sequences of the slot's executions, by ordinal. Valid until `begin`. */
  get executing(): readonly number[] {
    return this.#executingSequences;
  }

  /**
   * The kept result of a command that was executed before, without a log entry: a leader may answer a retry with
   * it at once. Undefined says nothing: the command may be new, under way, stale, dropped or answered by an echo of its bytes.
   */
  find(id: number, sequence: number): Result | undefined {
    const kept = this.#sessions.get(id)?.kept.get(sequence);
    return kept === undefined || typeof kept === 'string' || isEcho(kept) ? undefined : kept;
  }

  /**
   * Records to be stored with the present slot: everything that changed since the last call, results of earlier
   * slots included. This slot's own results are not in them; the backend keeps those with the batch and gives them
   * back as `lastResults`. It must be called for every slot.
   */
  takeDelta(): SystemRecord[] {
    invariant(this.#keepsRecords, 'SESSION-ONCE', () => 'this table keeps no records');
    invariant(!this.#settled, 'SESSION-ONCE', () => `slot ${this.#slot} is settled, its records are late`);
    const executions = this.#executingSessions.map((session, ordinal) => ({
      session: session.id,
      sequence: this.#executingSequences[ordinal] as number,
    }));
    return this.#writer.take({ slot: this.#slot, logTimeMs: this.#logTimeMs, uses: this.#uses, executions });
  }

  /** 16 hexadecimal digits over the whole content; equal tables, equal digests, however they came about. */
  digest(): string {
    invariant(this.#settled, 'SESSION-ONCE', () => `slot ${this.#slot} is not settled, its digest is early`);
    return tableDigest(this.#slot, this.#logTimeMs, this.#uses, [...this.#sessions.values()]);
  }

  #requireAll(results: number): void {
    const count = this.#executingSequences.length;
    invariant(!this.#settled, 'SESSION-ONCE', () => `slot ${this.#slot} was settled before`);
    invariant(
      results === count,
      'SESSION-ONCE',
      () => `${results} results for ${count} executions of slot ${this.#slot}`,
    );
    this.#settled = true;
  }

  /** Undefined: closed, or acknowledged, later in the same slot; nobody can ask for the result any more. */
  #settling(ordinal: number): Session | undefined {
    const session = this.#executingSessions[ordinal] as Session;
    const isWanted = session.live && session.kept.isPending(this.#executingSequences[ordinal] as number);
    return isWanted ? session : undefined;
  }

  /** The live session of that id, marked as used by this slot. */
  #use(id: number): Session | undefined {
    if (this.#current !== undefined && this.#current.id === id) return this.#current;
    const session = this.#sessions.get(id);
    if (session === undefined || this.#isExpired(session)) return undefined;
    this.#uses += 1;
    session.lastUse = this.#uses;
    session.lastLogTimeMs = this.#logTimeMs;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    this.#writer.touched(session);
    this.#current = session;
    return session;
  }

  #isExpired(session: Session): boolean {
    return this.#logTimeMs - session.lastLogTimeMs > SESSION_TTL_MS;
  }

  /** Ends expired sessions, and the oldest ones while the table holds too many bytes. */
  #sweep(): void {
    for (let count = 0; count < MAX_EXPIRIES_PER_SLOT && this.#logTimeMs > this.#quietUntilMs; count++) {
      const oldest = this.#oldest();
      if (oldest !== undefined && this.#isExpired(oldest)) this.#end(oldest);
      // Sessions only get younger, so this bound holds until it is reached, and most slots look at no session.
      else this.#quietUntilMs = (oldest?.lastLogTimeMs ?? this.#logTimeMs) + SESSION_TTL_MS;
    }
    while (this.#resultBytes > MAX_TABLE_RESULT_BYTES) this.#endOldest();
  }

  #oldest(): Session | undefined {
    for (const session of this.#sessions.values()) return session;
    return undefined;
  }

  #endOldest(): void {
    const oldest = this.#oldest();
    if (oldest !== undefined) this.#end(oldest);
  }

  #end(session: Session): void {
    session.live = false;
    this.#sessions.delete(session.id);
    this.#resultBytes -= session.resultBytes;
    if (this.#current === session) this.#current = undefined;
    this.#writer.ended(session);
  }
}

/** Stands in for a session that ended within the slot that executed its command. */
function ended(id: number): Session {
  const session = new Session(id, 0, 0);
  session.live = false;
  return session;
}
