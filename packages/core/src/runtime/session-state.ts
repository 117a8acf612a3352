/**
 * One session: what its client has acknowledged, and the answers it may still ask for again.
 *
 * Owns the life of one sequence: unknown, pending (executes in the present slot), kept or dropped, acknowledged.
 * Leaves to `session-table.ts` which sessions exist and when they end. Pure and deterministic: equal calls, equal
 * state. Keeps SESSION-ONCE: a sequence leaves `unknown` once, and never returns to it while the session lives,
 * because what is trimmed lies at or below `ackSequence`, where nothing executes.
 */
import type { Result } from '@quorate/wire';
import {
  MAX_SESSION_RESULT_BYTES,
  RESULT_OVERHEAD_BYTES,
  SESSION_WINDOW_SEQUENCES,
} from './session-limits.ts';

/**
 * 'pending': executes in the present slot, its result is not known yet. 'dropped': executed, its result was too
 * large to keep.
 */
export type KeptResult = Result | 'pending' | 'dropped';

/** A stored record that holds results of this session, and the highest sequence in it. */
export type ResultRecord = { readonly slot: number; readonly highestSequence: number };

export class Session {
  readonly id: number;
  /** Every sequence up to this one is over: it never executes (again) and its result is gone. Never decreases. */
  ackSequence = 0;
  /** Log time of the last slot that mentioned the session. */
  lastLogTimeMs: number;
  /** Rises with every slot that mentions the session; orders sessions by last use. Unique in a table. */
  lastUse: number;
  /** False once the session was closed, expired or evicted. */
  live = true;
  /** Sequences above `ackSequence` and within the window that were admitted, in the order of admission. */
  readonly kept: Map<number, KeptResult> = new Map();
  /** Of the results in `kept`, overhead included; pending ones count nothing yet. */
  resultBytes = 0;

  // What a store knows about this session; see session-record-writer.ts.
  /** Sequences whose results no record holds yet, in order of settling; may name trimmed ones, see `settle`. */
  fresh: number[] = [];
  /** Ascending by slot; every one holds at least one result that is still kept. */
  resultRecords: ResultRecord[] = [];
  /** A metadata record of this session is stored. */
  stored = false;

  constructor(id: number, lastLogTimeMs: number, lastUse: number) {
    this.id = id;
    this.lastLogTimeMs = lastLogTimeMs;
    this.lastUse = lastUse;
  }

  /** Trims what the client will not ask for again. Returns the result bytes that were freed. */
  acknowledge(ackSequence: number): number {
    const from = this.ackSequence;
    if (ackSequence <= from) return 0;
    this.ackSequence = ackSequence;
    const before = this.resultBytes;
    if (ackSequence - from <= this.kept.size) {
      for (let sequence = from + 1; sequence <= ackSequence; sequence++) this.#forget(sequence);
    } else {
      // The client jumped ahead: walking what is kept is shorter than walking the sequences between.
      for (const sequence of this.kept.keys()) if (sequence <= ackSequence) this.#forget(sequence);
    }
    return before - this.resultBytes;
  }

  isWithinWindow(sequence: number): boolean {
    return sequence - this.ackSequence <= SESSION_WINDOW_SEQUENCES;
  }

  /** Keeps the result of a pending sequence. Returns the bytes that are held now and were not before. */
  settle(sequence: number, result: Result): number {
    const before = this.resultBytes;
    const tooLarge = before + keptSize(result) > MAX_SESSION_RESULT_BYTES;
    this.restore(sequence, tooLarge ? 'dropped' : result);
    this.fresh.push(sequence);
    // A store that never asks for records must not make the list grow for ever.
    if (this.fresh.length > 2 * SESSION_WINDOW_SEQUENCES)
      this.fresh = this.fresh.filter((one) => this.kept.has(one));
    return this.resultBytes - before;
  }

  /** Puts a settled result back, as read from a record. */
  restore(sequence: number, kept: Result | 'dropped'): void {
    this.kept.set(sequence, kept);
    this.resultBytes += keptSize(kept);
  }

  #forget(sequence: number): void {
    const kept = this.kept.get(sequence);
    if (kept === undefined) return;
    this.kept.delete(sequence);
    this.resultBytes -= keptSize(kept);
  }
}

function keptSize(kept: KeptResult): number {
  if (kept === 'pending') return 0;
  return RESULT_OVERHEAD_BYTES + (kept === 'dropped' ? 0 : resultSize(kept));
}

function resultSize(result: Result): number {
  if (result.ok) return result.value === null ? 0 : result.value.length;
  return result.code.length + result.message.length;
}
