/**
 * Applies slots to a store that executes commands where they lie (`applyPacked`): the way of a command from the bytes of
 * its slot to the bytes of its answer, without an object of its own on any node.
 *
 * Says and does the same as `slot-plan.ts` and `applied-answers.ts` do for other stores.
 */
import { BatchCursor, type BatchGroup, PackedAnswers, packedResult } from '@quorate/wire';
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
type Run = { readonly responder: Responder; readonly first: number; readonly end: number };
/** Somebody waits for a session to be opened or closed. */
type SessionWait = {
  readonly waiter: Waiter;
  readonly kind: BatchGroup['kind'];
  readonly opened: number | undefined;
};
/** Somebody waits for a command that was not executed now. */
type Exception = { readonly responder: Responder; readonly sequence: number; readonly admission: Admission };

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
      if (cursor.kind === 'commands') this.#admitAll(cursor, sessions, waiter, runs, exceptions);
      else {
        const opened = cursor.kind === 'open' ? sessions.open() : undefined;
        if (cursor.kind === 'close') sessions.close(cursor.session);
        if (waiter !== undefined) waits.push({ waiter, kind: cursor.kind, opened });
      }
    }
    const next = markAfter(mark, entry, this.#checksum);
    const answers = this.#answers;
    answers.begin(slot, sessions.executing);
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
    for (const run of runs) addPacked(run.responder, answers, run.first, run.end, sessions.executing);
    for (const { waiter, kind, opened } of waits) answerSessionGroup(waiter, kind, opened, slot);
    for (const exception of exceptions) this.#answer(exception, slot);
    return next;
  }

  #admitAll(
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
        exceptions.push({ responder: waiter.responder, sequence: cursor.sequence, admission });
      }
    }
    if (waiter !== undefined && this.#count > first)
      runs.push({ responder: waiter.responder, first, end: this.#count });
  }

  #answer({ responder, sequence, admission }: Exception, slot: number): void {
    switch (admission.kind) {
      case 'repeated': {
        const { ordinal } = admission;
        const result = packedResult(this.#answers.chunkOf(ordinal), this.#answers.startOf(ordinal));
        return responder.addResult(sequence, slot, result);
      }
      case 'duplicate':
        return responder.addResult(sequence, slot, admission.result);
      case 'refused':
        return responder.add(refusal(sequence, admission.code));
      case 'execute':
        return;
      default:
        return admission satisfies never;
    }
  }
}
