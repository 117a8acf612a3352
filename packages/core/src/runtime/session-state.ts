/**
 * One session: what its client has acknowledged, and the answers it may still ask for again.
 *
 * Owns the life of one sequence: unknown, pending (executes in the present slot), kept or dropped, acknowledged.
 * Leaves to `session-table.ts` which sessions exist and when they end, to `session-window.ts` how results are kept.
 * Pure and deterministic: equal calls, equal state. Keeps SESSION-ONCE: a sequence leaves `unknown` once, and never
 * returns to it while the session lives, because what is trimmed lies at or below `ackSequence`, where nothing executes.
 */
import { type Result, resultSize } from '@quorate/wire';
import { MAX_SESSION_RESULT_BYTES, RESULT_OVERHEAD_BYTES } from './session-limits.ts';
import { SessionWindow } from './session-window.ts';

/** A stored record that holds results of this session, and the highest sequence in it. */
export type ResultRecord = { readonly slot: number; readonly highestSequence: number };

export class Session {
  readonly id: number;
  /** Log time of the last slot that mentioned the session. */
  lastLogTimeMs: number;
  /** Rises with every slot that mentions the session; orders sessions by last use. Unique in a table. */
  lastUse: number;
  /** False once the session was closed, expired or evicted. */
  live = true;
  /** Sequences above `ackSequence` that were admitted. */
  readonly kept: SessionWindow;

  // What a store knows about this session; see session-record-writer.ts.
  /** Sequences whose results no record holds yet, in order of settling; may name trimmed ones. */
  fresh: number[] = [];
  /** Ascending by slot; every one holds at least one result that is still kept. */
  resultRecords: ResultRecord[] = [];
  /** A metadata record of this session is stored. */
  stored = false;

  constructor(id: number, lastLogTimeMs: number, lastUse: number, ackSequence = 0) {
    this.id = id;
    this.lastLogTimeMs = lastLogTimeMs;
    this.lastUse = lastUse;
    this.kept = new SessionWindow(ackSequence);
  }

  /** Every sequence up to this one is over: it never executes (again) and its result is gone. Never decreases. */
  get ackSequence(): number {
    return this.kept.floor;
  }

  /** Of the kept results, overhead included; pending ones count nothing yet. */
  get resultBytes(): number {
    return this.kept.bytes;
  }

  /** Trims what the client will not ask for again. Returns the result bytes that were freed. */
  acknowledge(ackSequence: number): number {
    const before = this.kept.bytes;
    this.kept.advance(ackSequence);
    return before - this.kept.bytes;
  }

  /** Keeps the result of a pending sequence. Returns the bytes that are held now and were not before. */
  settle(sequence: number, result: Result): number {
    const before = this.kept.bytes;
    this.kept.keep(sequence, this.#hasRoom(resultSize(result)) ? result : 'dropped');
    return this.kept.bytes - before;
  }

  /** As `settle`, with the answer that begins at `start` of `chunk` and whose result has this `resultSize`. */
  settlePacked(sequence: number, chunk: Uint8Array, start: number, size: number): number {
    const before = this.kept.bytes;
    if (this.#hasRoom(size)) this.kept.keepPacked(sequence, chunk, start, size);
    else this.kept.keep(sequence, 'dropped');
    return this.kept.bytes - before;
  }

  #hasRoom(size: number): boolean {
    return this.kept.bytes + RESULT_OVERHEAD_BYTES + size <= MAX_SESSION_RESULT_BYTES;
  }
}
