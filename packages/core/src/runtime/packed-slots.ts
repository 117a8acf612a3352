/**
 * Applies slots to a store that executes commands where they lie (`applyPacked`): the way of a command from the bytes of
 * its slot to the bytes of its answer, without an object of its own on any node.
 *
 * Says and does the same as `slot-plan.ts` and `applied-answers.ts` do for other stores.
 */
import { BatchCursor, type BatchGroup, PackedAnswers, withCommand } from '@quorate/wire';
import type { AppliedMark, Backend } from '../ports/backend.ts';
import type { ChosenEntry } from '../protocol/types.ts';
import { answerSessionGroup, refusal } from './applied-answers.ts';
import type { Waiter } from './batcher.ts';
import type { Checksum } from './digest-chain.ts';
import { addPacked, type Responder } from './responder.ts';
import type { Admission, SessionTable } from './session-table.ts';
import { markAfter } from './slot-plan.ts';

type PackedBackend = Backend & Required<Pick<Backend, 'applyPacked'>>;

/** Only a store in memory may be, for nothing of this is ever tried again. */
export function executesPacked(backend: Backend): backend is PackedBackend {
  return (
    backend.applyPacked !== undefined && backend.durability === 'volatile' && backend.prepare === undefined
  );
}

/** Somebody waits for the commands with these ordinals. */
type Run = { readonly waiter: Waiter; readonly first: number; readonly end: number };
/** Somebody waits for a session to be opened or closed. */
type SessionWait = {
  readonly waiter: Waiter;
  readonly kind: BatchGroup['kind'];
  readonly opened: number | undefined;
};
/** Somebody waits for a command that was not executed now. */
type Exception = {
  readonly responder: Responder;
  readonly sequence: number;
  readonly admission: Admission;
  readonly command: Uint8Array;
};

export class PackedSlots {
  readonly #backend: PackedBackend;
  readonly #checksum: Checksum;
  readonly #answers = new PackedAnswers();
  // Of the present slot, by ordinal; the arrays are used again for the next one.
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #count = 0;

  constructor(backend: PackedBackend, checksum: Checksum) {
    this.#backend = backend;
    this.#checksum = checksum;
  }

  /** Applies the slot after `mark` and answers who waits for it; returns the mark afterwards. */
  execute(
    entry: ChosenEntry,
    mark: AppliedMark,
    sessions: SessionTable,
    waiters: readonly Waiter[] | undefined,
  ): AppliedMark {
    const { slot, value } = entry;
    const bytes = value.kind === 'batch' ? value.bytes : new Uint8Array(0);
    const logTimeMs = sessions.begin(slot, value.kind === 'batch' ? value.stampMs : undefined);
    const runs: Run[] = [];
    const exceptions: Exception[] = [];
    const waits: SessionWait[] = [];
    const cursor = new BatchCursor(bytes);
    this.#count = 0;
    for (let group = 0; cursor.nextGroup(); group++) {
      const waiter = waiters?.[group];
      if (cursor.kind === 'commands') this.#admitAll(bytes, cursor, sessions, waiter, runs, exceptions);
      else {
        const opened = cursor.kind === 'open' ? sessions.open() : undefined;
        if (cursor.kind === 'close') sessions.close(cursor.session);
        if (waiter !== undefined) waits.push({ waiter, kind: cursor.kind, opened });
      }
    }
    const next = markAfter(mark, entry, this.#checksum);
    const answers = this.#answers;
    answers.begin(slot, sessions.executing, { bytes, starts: this.#starts, ends: this.#ends });
    this.#backend.applyPacked(
      {
        slot,
        logTimeMs,
        previous: mark,
        next,
        bytes,
        count: this.#count,
        starts: this.#starts,
        ends: this.#ends,
      },
      answers,
    );
    sessions.settlePacked(answers);
    for (const { waiter, first, end } of runs)
      addPacked(waiter, answers, { first, end, slot, sequences: sessions.executing });
    for (const { waiter, kind, opened } of waits) answerSessionGroup(waiter, kind, opened, slot);
    for (const exception of exceptions) this.#answer(exception, slot);
    return next;
  }

  #admitAll(
    bytes: Uint8Array,
    cursor: BatchCursor,
    sessions: SessionTable,
    waiter: Waiter | undefined,
    runs: Run[],
    exceptions: Exception[],
  ): void {
    const { session, ackSequence } = cursor;
    const first = this.#count;
    sessions.acknowledge(session, ackSequence);
    while (cursor.nextCommand()) {
      const admission = sessions.admit(session, cursor.sequence, ackSequence);
      if (admission.kind === 'execute') {
        this.#starts[this.#count] = cursor.start;
        this.#ends[this.#count] = cursor.end;
        this.#count += 1;
      } else if (waiter !== undefined) {
        const { sequence, start, end } = cursor;
        const command = bytes.subarray(start, end);
        exceptions.push({ responder: waiter.responder, sequence, admission, command });
      }
    }
    if (waiter !== undefined && this.#count > first) runs.push({ waiter, first, end: this.#count });
  }

  #answer({ responder, sequence, admission, command }: Exception, slot: number): void {
    switch (admission.kind) {
      case 'repeated':
        return responder.addResult(sequence, slot, this.#answers.resultOf(admission.ordinal));
      case 'duplicate': {
        const result = withCommand(admission.result, command);
        // Two commands under one sequence: what the first one was answered cannot be said any more.
        if (result === undefined) return responder.add(refusal(sequence, 'SEQUENCE_STALE'));
        return responder.addResult(sequence, slot, result);
      }
      case 'refused':
        return responder.add(refusal(sequence, admission.code));
      case 'execute':
        return;
      default:
        return admission satisfies never;
    }
  }
}
